/** The gRPC library hands messages through undecoded: the handlers decode, so that they choose the error. */
export function identity(bytes: Buffer): Buffer {
  return bytes;
}

/** The same bytes as a Buffer, which the gRPC library insists on; nothing is copied. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
