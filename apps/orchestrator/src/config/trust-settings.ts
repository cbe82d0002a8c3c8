import * as kinds from './kinds.ts';
import { inGroup } from './setting.ts';

const general = inGroup('General');
const requests = inGroup('Requests');
const events = inGroup('Events');

/** What keeps a record of who did what, and organizations from taking the server from each other. */
export const trustSettings = {
  auditLog: general({
    name: 'ORCHESTRATOR_AUDIT_LOG',
    kind: kinds.path,
    default: 'off',
    description:
      'Record of all writing and all refused calls, a JSON line each: `off`, `stdout`, or a file to append to, opened anew on SIGHUP.',
  }),
  maxCallsPerConnection: requests({
    name: 'ORCHESTRATOR_MAX_CALLS_PER_CONNECTION',
    kind: kinds.integer(1, 1_000_000),
    default: '2000',
    description: 'Most calls under way on one connection, event streams included. More are answered UNAVAILABLE.',
  }),
  maxCallsPerOrganization: requests({
    name: 'ORCHESTRATOR_MAX_CALLS_PER_ORGANIZATION',
    kind: kinds.integer(1, 1_000_000),
    default: '12000',
    description: 'Most calls under way of one organization, event streams included. More are answered UNAVAILABLE.',
  }),
  maxSubscribersPerOrganization: events({
    name: 'ORCHESTRATOR_MAX_SUBSCRIBERS_PER_ORGANIZATION',
    kind: kinds.integer(1, 1_000_000),
    default: '5000',
    description: 'Most event streams of one organization in a channel. More are answered UNAVAILABLE.',
  }),
} as const;
