import { createHash, timingSafeEqual } from 'node:crypto';

const SALT_BYTES = 4;

/** Hash functions by RabbitMQ's names for them. */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['rabbit_password_hashing_sha256', 'sha256'],
  ['rabbit_password_hashing_sha512', 'sha512'],
]);

export interface StoredPassword {
  readonly password_hash: string;
  readonly hashing_algorithm?: string;
}

/** Whether a broker user has this password; false for a hash of an unknown kind, which is then replaced. */
export function hasPassword({ password_hash: stored, hashing_algorithm }: StoredPassword, password: string): boolean {
  const hash = HASHES.get(hashing_algorithm ?? 'rabbit_password_hashing_sha256');
  const bytes = Buffer.from(stored, 'base64');
  if (hash === undefined || bytes.length <= SALT_BYTES) return false;
  const salt = bytes.subarray(0, SALT_BYTES);
  const expected = createHash(hash).update(salt).update(password, 'utf8').digest();
  const actual = bytes.subarray(SALT_BYTES);
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
