import * as kinds from './kinds.ts';
import { inGroup } from './setting.ts';

const general = inGroup('General');

/** What keeps a record of who did what. */
export const trustSettings = {
  auditLog: general({
    name: 'ORCHESTRATOR_AUDIT_LOG',
    kind: kinds.path,
    default: 'off',
    description:
      'Record of all writing and all refused calls, a JSON line each: `off`, `stdout`, or a file to append to, opened anew on SIGHUP.',
  }),
} as const;
