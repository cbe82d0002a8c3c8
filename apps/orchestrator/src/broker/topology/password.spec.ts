import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { hasPassword } from './password.ts';

function stored(hash: string, password: string): string {
  const salt = Buffer.from([1, 2, 3, 4]);
  return Buffer.concat([salt, createHash(hash).update(salt).update(password, 'utf8').digest()]).toString('base64');
}

it.each([
  ['sha256', 'rabbit_password_hashing_sha256'],
  ['sha256', undefined],
  ['sha512', 'rabbit_password_hashing_sha512'],
])('knows a password by %s, named %s', (hash, algorithm) => {
  const user = { password_hash: stored(hash, 'pässword'), ...(algorithm === undefined ? {} : { hashing_algorithm: algorithm }) };
  expect(hasPassword(user, 'pässword')).toBe(true);
  expect(hasPassword(user, 'password')).toBe(false);
});

it.each([
  ['', 'rabbit_password_hashing_sha256'],
  ['AQIDBA==', 'rabbit_password_hashing_sha256'],
  [stored('md5', 'password'), 'rabbit_password_hashing_md5'],
  [stored('sha512', 'password'), 'rabbit_password_hashing_sha256'],
])('takes %s by %s for another password', (password_hash, hashing_algorithm) => {
  expect(hasPassword({ password_hash, hashing_algorithm }, 'password')).toBe(false);
});
