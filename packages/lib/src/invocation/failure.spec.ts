import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../errors/codes.ts';
import { MessageTooLargeError } from '../errors/message-too-large.ts';
import { OrchestrationError } from '../errors/orchestration-error.ts';
import { parseFailure } from './failure.ts';

describe('a failure', () => {
  it.each(Object.values(ErrorCode))('brings %s and its text back', (code) => {
    const sent = new OrchestrationError(code, 'a "sentence"\nof two lines: \u{1F600}');
    const restored = parseFailure(sent.message);
    expect(restored).toBeInstanceOf(OrchestrationError);
    expect(restored).toMatchObject({ code, message: sent.message });
  });

  it('keeps a text that was cut', () => {
    const { message } = new OrchestrationError(ErrorCode.BadRequest, '\u{1F600}'.repeat(9000));
    expect(parseFailure(message)?.message).toBe(message);
  });

  it.each(['answer', 'event'] as const)('brings back that an %s is too large', (what) => {
    const sent = new MessageTooLargeError({ what, bytes: 5_000_000, limitBytes: 4_193_280 });
    expect(parseFailure(sent.message)).toBeInstanceOf(MessageTooLargeError);
    expect(parseFailure(sent.message)?.message).toBe(sent.message);
  });

  it.each(['event message larger than max', '', 'boom', 'OE0002', 'OE9999: of a later version', ' OE0002: x', 'no OE0002: x'])('is not %j', (message) => {
    expect(parseFailure(message)).toBeUndefined();
  });
});
