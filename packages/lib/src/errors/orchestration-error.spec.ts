import { describe, expect, it } from 'vitest';
import { ErrorCode } from './codes.ts';
import { inappropriateTransition, notFound, OrchestrationError } from './orchestration-error.ts';

describe('an orchestration error', () => {
  it('begins with its code', () => {
    expect(notFound('computetask', 'k').message).toBe('OE0002: computetask with key "k" not found');
  });

  it('says a refused transition as existing clients look for it', () => {
    const { message } = inappropriateTransition('transitionDone', 'STATUS_DONE');
    expect(message).toBe('OE0104: event transitionDone inappropriate in current state STATUS_DONE');
  });

  it('is cut to 8,000 code points without halving a character', () => {
    const { message } = new OrchestrationError(ErrorCode.BadRequest, '\u{1F600}'.repeat(9000));
    expect(Array.from(message)).toHaveLength(8000);
    expect(message.isWellFormed()).toBe(true);
  });

  it('replaces lone surrogates', () => {
    expect(new OrchestrationError(ErrorCode.BadRequest, 'a\ud800b').message).toBe('OE0003: a\ufffdb');
  });
});
