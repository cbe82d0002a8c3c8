import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { expect, it } from 'vitest';
import { signLowS, verifyLowS } from './ecdsa.ts';

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = createPublicKey(privateKey);
const data = Buffer.from('proposal');

function scalarS(signature: Buffer): bigint {
  const at = 4 + (signature[3] ?? 0) + 2;
  return BigInt(`0x${signature.subarray(at).toString('hex')}`);
}

it('signs with the low S every time, and verifies it', () => {
  for (let round = 0; round < 50; round += 1) {
    const signature = signLowS(privateKey, data);
    expect(scalarS(signature) <= ORDER / 2n).toBe(true);
    expect(verifyLowS({ key, data, signature })).toBe(true);
  }
});

it('refuses a good signature with a high S', () => {
  const signatures = Array.from({ length: 40 }, () => sign('sha256', data, privateKey));
  const verdicts = signatures.map((signature) => ({
    high: scalarS(signature) > ORDER / 2n,
    accepted: verifyLowS({ key, data, signature }),
  }));
  expect(verdicts.every(({ high, accepted }) => high !== accepted)).toBe(true);
  // One of 40 has a high S, but for a chance of 1 in 10^12.
  expect(verdicts.some(({ high }) => high)).toBe(true);
});

it.each([
  ['other data', Buffer.from('other'), (good: Buffer) => good],
  ['a changed byte', data, (good: Buffer) => Buffer.concat([good.subarray(0, -1), Buffer.from([(good.at(-1) ?? 0) ^ 1])])],
  ['garbage', data, () => Buffer.from('garbage')],
  ['nothing', data, () => Buffer.alloc(0)],
  ['a cut one', data, (good: Buffer) => good.subarray(0, 40)],
])('refuses %s', (_name, signed, change) => {
  expect(verifyLowS({ key, data: signed, signature: change(signLowS(privateKey, data)) })).toBe(false);
});

it('signs with a key read from PEM', () => {
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  expect(verifyLowS({ key, data, signature: signLowS(createPrivateKey(pem), data) })).toBe(true);
});
