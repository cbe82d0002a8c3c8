import { BinaryReader } from '@bufbuild/protobuf/wire';
import { invalidAsset } from '../errors/orchestration-error.ts';
import type { MessageCodec } from './codec.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw invalidAsset('the request has text that is not valid UTF-8');
  }
}

/**
 * A protobuf reader for what clients send: bytes that are no UTF-8, and U+0000 anywhere, are refused instead of
 * replaced. The base class reads short ASCII strings without its UTF-8 decoder, hence the check after it.
 */
class StrictReader extends BinaryReader {
  constructor(bytes: Uint8Array) {
    super(bytes, decodeUtf8);
  }

  override string(): string {
    const text = super.string();
    if (text.includes('\0')) throw invalidAsset('the request has U+0000 in a text');
    return text;
  }
}

/**
 * Decodes a request.
 *
 * @throws OrchestrationError OE0101 when the bytes are not such a message, or hold text that is not UTF-8 or has
 *   U+0000.
 */
export function decodeRequest<T>(codec: MessageCodec<T>, bytes: Uint8Array): T {
  const reader = new StrictReader(bytes);
  try {
    const message = codec.decode(reader, bytes.length);
    // The generated decoders stop at a zero or end-group tag instead of refusing it.
    if (reader.pos === bytes.length) return message;
  } catch (error) {
    if (error instanceof Error && error.name === 'OrchestrationError') throw error;
  }
  throw invalidAsset('the request is not a valid protobuf message of its type');
}
