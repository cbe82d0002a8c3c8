/** What clients of the facade take of an error message, escaped: it cuts messages there itself. */
const MAX_ESCAPED_BYTES = 8000;
/** `%` and two digits. */
const ESCAPED_BYTES = 3;

/**
 * An error message as far as clients take it, so that nobody misses what is cut. Escaped it travels in a header, twice
 * where it comes from an evaluation, and from 60,000 bytes on the clients of the gateway wait for it for ever.
 */
export function clipMessage(message: string): string {
  if (message.length * ESCAPED_BYTES * ESCAPED_BYTES <= MAX_ESCAPED_BYTES) return message;
  let length = 0;
  let escapedBytes = 0;
  for (const character of message) {
    escapedBytes += /[ -$&-~]/.test(character) ? 1 : Buffer.byteLength(character) * ESCAPED_BYTES;
    if (escapedBytes > MAX_ESCAPED_BYTES) return message.slice(0, length);
    length += character.length;
  }
  return message;
}
