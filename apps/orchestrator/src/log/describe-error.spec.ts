import { expect, test } from 'vitest';
import { describeError } from './describe-error.ts';

test('the causes follow the message', () => {
  const error = new Error('cannot open the store', { cause: new Error('disk full') });
  expect(describeError(error)).toBe('cannot open the store: disk full');
});

test('an aggregate without a message tells its parts', () => {
  const error = new AggregateError(
    [new Error('connect ECONNREFUSED ::1:5432'), new Error('connect ECONNREFUSED 127.0.0.1:5432')],
    '',
  );
  expect(describeError(error)).toBe('connect ECONNREFUSED ::1:5432, connect ECONNREFUSED 127.0.0.1:5432');
});

test('it is one line, ends with a circle of causes, and takes anything', () => {
  const error = new Error('first\n  second');
  error.cause = error;
  expect(describeError(error)).toBe('first second');
  expect(describeError(new TypeError())).toBe('TypeError');
  expect(describeError('text')).toBe('text');
});
