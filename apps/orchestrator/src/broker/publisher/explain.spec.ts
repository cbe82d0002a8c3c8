import { expect, it } from 'vitest';
import { explainFailure, TopologyError } from './explain.ts';

it.each([
  ["Handshake terminated by server: 403 (ACCESS-REFUSED) with message \"ACCESS_REFUSED - Login was refused\"", 'check the user name and password'],
  ["Channel closed by server: 403 (ACCESS-REFUSED) with message \"ACCESS_REFUSED - write access to exchange 'orchestration'\"", 'the right to write'],
  ["Connection closed: 530 (NOT-ALLOWED) with message \"NOT_ALLOWED - vhost x not found\"", 'check the virtual host'],
  ["Channel closed by server: 404 (NOT-FOUND) with message \"NOT_FOUND - no exchange 'orchestration' in vhost '/'\"", 'orchestrator broker reconcile'],
  ['Channel closed by server: 406 (PRECONDITION-FAILED) with message "PRECONDITION_FAILED - message size 2000 is larger than max size 1000"', 'max_message_size'],
  ['message nacked', 'length limit'],
  ['connect ECONNREFUSED 127.0.0.1:5672', 'can be reached'],
  ['Heartbeat timeout', 'stopped answering'],
])('%s', (message, advice) => {
  const told = explainFailure(new Error(message));
  expect(told).toContain(advice);
  expect(told).toContain(message);
});

it('adds nothing where nothing is known, or all is said', () => {
  expect(explainFailure(new Error('odd'))).toBe('odd');
  expect(explainFailure(new TopologyError('the broker has no queue A'))).toBe('the broker has no queue A');
});
