/*
 * Many messages as one row: pg makes objects and strings for each row and column, which cost more than the bytes.
 */

/** The two columns of all messages of a sorted subquery: their bytes behind each other, and their lengths. */
export function joinedMessages(column: string): string {
  return `string_agg(${column}, ''), string_agg(octet_length(${column})::text, ',')`;
}

/** The messages of the two columns of {@link joinedMessages}, which share one buffer; none when both are null. */
export function takeApart(bytes: unknown, lengths: unknown): readonly Uint8Array[] {
  if (!(bytes instanceof Uint8Array) || typeof lengths !== 'string') return [];
  let end = 0;
  return lengths.split(',').map((length) => {
    const start = end;
    end += Number(length);
    return bytes.subarray(start, end);
  });
}
