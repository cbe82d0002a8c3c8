import { describe, expect, it } from 'vitest';
import { clipMessage } from './clip-message.ts';

describe('an error message', () => {
  it.each(['', 'OE0002: short', 'é'.repeat(800), 'a'.repeat(8000), '\u{1F600}'.repeat(666)])('stays as it is (%#)', (message) => {
    expect(clipMessage(message)).toBe(message);
  });

  it.each([
    ['plain text', 'a'.repeat(8001), 'a'.repeat(8000)],
    ['text of two bytes', 'é'.repeat(8000), 'é'.repeat(1333)],
    ['text of four bytes', `a${'\u{1F600}'.repeat(8000)}`, `a${'\u{1F600}'.repeat(666)}`],
    ['percent signs', '%'.repeat(8000), '%'.repeat(2666)],
    ['what no header takes', '\r\n'.repeat(4000), '\r\n'.repeat(1333)],
  ])('of %s is cut between characters', (_, message, cut) => {
    expect(clipMessage(message)).toBe(cut);
  });
});
