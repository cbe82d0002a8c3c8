import type { Addressable, NewPermissions } from '../gen/orchestrator/common.ts';
import type { Problems } from './problems.ts';
import { isAbsoluteUrl, isUrl } from './url.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/u;
const SHA256_HEX = /^[0-9a-fA-F]{64}$/u;
const MAX_TEXT_BYTES = 100;
const MAX_ADDRESS_CHARACTERS = 200;
const MAX_UTF8_BYTES_PER_UNIT = 3;

const encoder = new TextEncoder();

/** Whether the text can be the key of an asset: a UUID of any version in lower case. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

function fitsBytes(text: string, maxBytes: number): boolean {
  if (text.length * MAX_UTF8_BYTES_PER_UNIT <= maxBytes) return true;
  return text.length <= maxBytes && encoder.encode(text).length <= maxBytes;
}

function fitsAddress(text: string): boolean {
  return text.length <= MAX_ADDRESS_CHARACTERS || Array.from(text).length <= MAX_ADDRESS_CHARACTERS;
}

export function checkKey(problems: Problems, field: string, key: string): void {
  if (!isUuid(key)) problems.add(field, 'must be a UUID in lower case');
}

export function checkKeys(problems: Problems, field: string, keys: readonly string[]): void {
  for (const [index, key] of keys.entries()) checkKey(problems, `${field}[${index}]`, key);
}

/** Names of assets and steps, and identifiers of a function's inputs and outputs. */
export function checkName(problems: Problems, field: string, name: string): void {
  if (name === '' || !fitsBytes(name, MAX_TEXT_BYTES)) problems.add(field, 'must be 1 to 100 bytes of UTF-8');
}

export function checkTag(problems: Problems, field: string, tag: string): void {
  if (!fitsBytes(tag, MAX_TEXT_BYTES)) problems.add(field, 'must be at most 100 bytes of UTF-8');
}

export function checkNotEmpty(problems: Problems, field: string, text: string): void {
  if (text === '') problems.add(field, 'must not be empty');
}

export function checkMetadata(problems: Problems, field: string, metadata: ReadonlyMap<string, string>): void {
  for (const [key, value] of metadata) {
    if (!fitsBytes(key, MAX_TEXT_BYTES) || !fitsBytes(value, MAX_TEXT_BYTES)) {
      problems.add(field, 'every key and value must be at most 100 bytes of UTF-8');
      return;
    }
  }
}

export function checkChecksum(problems: Problems, field: string, checksum: string): void {
  if (!SHA256_HEX.test(checksum)) problems.add(field, 'must be 64 hexadecimal digits');
}

export function checkAddressable(problems: Problems, field: string, value: Addressable | undefined): void {
  if (value === undefined) {
    problems.add(field, 'is required');
    return;
  }
  checkChecksum(problems, `${field}.checksum`, value.checksum);
  if (!fitsAddress(value.storageAddress) || !isUrl(value.storageAddress)) {
    problems.add(`${field}.storage_address`, 'must be a URL of at most 200 characters');
  }
}

/** The address of an organization: none, or an absolute URL. */
export function checkOrganizationAddress(problems: Problems, field: string, address: string): void {
  if (address === '') return;
  if (!fitsAddress(address) || !isAbsoluteUrl(address)) {
    problems.add(field, 'must be empty or an absolute URL of at most 200 characters');
  }
}

export function checkPermissions(problems: Problems, field: string, permissions: NewPermissions | undefined): void {
  if (permissions === undefined) problems.add(field, 'is required');
}

/** An enum field that must have one of the values. */
export function checkOneOf(problems: Problems, field: string, value: number, allowed: Readonly<Record<string, number>>): void {
  if (!Object.values(allowed).includes(value)) {
    problems.add(field, `must be one of ${Object.keys(allowed).join(', ')}`);
  }
}
