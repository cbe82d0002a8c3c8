import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { statusCodeName } from './status-code-name.ts';

test('the names are those of the known dashboards', () => {
  const codes = Object.values(status).filter((code) => typeof code === 'number');
  expect(codes.map((code) => statusCodeName(code))).toEqual([
    'OK',
    'Canceled',
    'Unknown',
    'InvalidArgument',
    'DeadlineExceeded',
    'NotFound',
    'AlreadyExists',
    'PermissionDenied',
    'ResourceExhausted',
    'FailedPrecondition',
    'Aborted',
    'OutOfRange',
    'Unimplemented',
    'Internal',
    'Unavailable',
    'DataLoss',
    'Unauthenticated',
  ]);
});
