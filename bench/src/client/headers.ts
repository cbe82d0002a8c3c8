import { status } from '@grpc/grpc-js';

/** Headers of a call beside those that all have. */
export type CallHeaders = Readonly<Record<string, string>>;

/** A literal header field that no table keeps (RFC 7541, 6.2.2); its texts are shorter than 127 bytes. */
function literal(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
}

/** The block of headers that begins a gRPC call. */
export function encodeHeaders(path: string, headers: CallHeaders): Buffer {
  const fields = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': path,
    ':authority': 'localhost',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  };
  return Buffer.concat(Object.entries(fields).map(([name, value]) => literal(name, value)));
}

/** `grpc-status` in the code of Huffman, as servers send it; the one or two digits behind it are not worth coding. */
const STATUS_NAME = Buffer.from('00889acac8b21234da8f', 'hex');

/** The status in a block of headers, by name; undefined when it has none. */
export function readStatus(block: Buffer): string | undefined {
  const start = block.indexOf(STATUS_NAME);
  if (start < 0) return undefined;
  const lengthAt = start + STATUS_NAME.length;
  const length = block[lengthAt] ?? 0;
  const code = Number(block.subarray(lengthAt + 1, lengthAt + 1 + length).toString('latin1'));
  return status[code] ?? `status ${code}`;
}
