import { createHash, type KeyObject, sign, verify } from 'node:crypto';

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const HALF_ORDER = P256_ORDER >> 1n;
const SCALAR_BYTES = 32;

/** SHA-256 of the parts, one after another. */
export function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Signs SHA-256 of the data; DER, with the lower of the two possible S, the only one that a Fabric node takes. */
export function signLowS(key: KeyObject, data: Uint8Array): Buffer {
  const raw = sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' });
  const s = toScalar(raw.subarray(SCALAR_BYTES));
  const lowS = s > HALF_ORDER ? P256_ORDER - s : s;
  const r = derInteger(raw.subarray(0, SCALAR_BYTES));
  const body = Buffer.concat([r, derInteger(Buffer.from(lowS.toString(16).padStart(SCALAR_BYTES * 2, '0'), 'hex'))]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

/** True for a DER signature over the data by the key, with a low S. Garbage is false, not an error. */
export function verifyLowS({
  key,
  data,
  signature,
}: {
  readonly key: KeyObject;
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
}): boolean {
  if (!hasLowS(signature)) return false;
  try {
    return verify('sha256', data, key, signature);
  } catch {
    return false;
  }
}

function hasLowS(signature: Uint8Array): boolean {
  // SEQUENCE { INTEGER r, INTEGER s }, all of them short.
  if (signature[0] !== 0x30 || signature[2] !== 0x02) return false;
  const sAt = 4 + (signature[3] ?? 0);
  if (signature[sAt] !== 0x02) return false;
  const length = signature[sAt + 1] ?? 0;
  const s = signature.subarray(sAt + 2, sAt + 2 + length);
  return s.length === length && length > 0 && toScalar(s) <= HALF_ORDER;
}

function toScalar(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

function derInteger(bytes: Buffer): Buffer {
  let from = 0;
  while (from < bytes.length - 1 && bytes[from] === 0) from += 1;
  const digits = bytes.subarray(from);
  const sign = (digits[0] ?? 0) > 0x7f ? [0] : [];
  return Buffer.concat([Buffer.from([0x02, digits.length + sign.length, ...sign]), digits]);
}
