import { createSign, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import { createSigning } from './signing.ts';

const message = Buffer.from('a proposal');

async function signWith(privateKey: KeyObject): Promise<Uint8Array> {
  const { hash, signer } = createSigning(privateKey);
  return signer(hash(message));
}

/** The half of the order of P-256, above which Fabric refuses S. */
const HALF_ORDER = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8n;

function readS(der: Uint8Array): bigint {
  const start = 4 + (der[3] ?? 0);
  return BigInt(`0x${Buffer.from(der.subarray(start + 2)).toString('hex')}`);
}

test('signatures of P-256 are valid, in DER, and with a low S', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  for (let count = 0; count < 200; count += 1) {
    const signature = await signWith(privateKey);
    expect(verify('sha256', message, publicKey, signature)).toBe(true);
    expect(readS(signature)).toBeLessThanOrEqual(HALF_ORDER);
  }
});

test('Node itself does not keep S low, so there is something to do', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signed = Array.from({ length: 50 }, () => readS(createSign('sha256').update(message).sign(privateKey)));
  expect(signed.some((s) => s > HALF_ORDER)).toBe(true);
});

test('P-384 and Ed25519 are signed with as their networks expect', async () => {
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  expect(verify('sha384', message, p384.publicKey, await signWith(p384.privateKey))).toBe(true);
  const ed25519 = generateKeyPairSync('ed25519');
  expect(verify(null, message, ed25519.publicKey, await signWith(ed25519.privateKey))).toBe(true);
});

