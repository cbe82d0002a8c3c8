import { type KeyObject, sign } from 'node:crypto';
import { hash, type Hash, type Signer, signers } from '@hyperledger/fabric-gateway';

/** How messages to the ledger are signed with a key: to be spread into the gateway's options. */
export interface Signing {
  readonly hash: Hash;
  readonly signer: Signer;
}

/** The order of the curve P-256, and half of it. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const HALF_ORDER = ORDER / 2n;
const SCALAR_BYTES = 32;

/**
 * Signs with `key`: P-256 with SHA-256, P-384 with SHA-384, or Ed25519.
 *
 * A submit takes three signatures. The gateway's own signer computes P-256 in JavaScript, 0.5 ms each, ten times what
 * Node's takes; the other curves, which hardly any network uses, are left to it.
 */
export function createSigning(key: KeyObject): Signing {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType === 'ec' && curve === 'prime256v1') {
    return { hash: hash.none, signer: (message) => Promise.resolve(signP256(message, key)) };
  }
  const ownHash = key.asymmetricKeyType === 'ed25519' ? hash.none : hash.sha384;
  return { hash: ownHash, signer: signers.newPrivateKeySigner(key) };
}

function signP256(message: Uint8Array, key: KeyObject): Uint8Array {
  const signature = sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' });
  const r = signature.subarray(0, SCALAR_BYTES);
  const s = BigInt(`0x${signature.toString('hex', SCALAR_BYTES)}`);
  // Fabric refuses the larger of the two values of S that make a signature valid.
  return toDer(r, s > HALF_ORDER ? toBytes(ORDER - s) : signature.subarray(SCALAR_BYTES));
}

function toBytes(scalar: bigint): Buffer {
  return Buffer.from(scalar.toString(16).padStart(2 * SCALAR_BYTES, '0'), 'hex');
}

function toDer(r: Uint8Array, s: Uint8Array): Uint8Array {
  const numbers = Buffer.concat([derInteger(r), derInteger(s)]);
  return Buffer.concat([Uint8Array.of(0x30, numbers.length), numbers]);
}

/** An unsigned number: without leading zeros, but for one before a set highest bit. */
function derInteger(bytes: Uint8Array): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = bytes.subarray(start);
  const isHigh = (digits[0] ?? 0) >= 0x80;
  const content = isHigh ? [0, ...digits] : [...digits];
  return Buffer.from([0x02, content.length, ...content]);
}
