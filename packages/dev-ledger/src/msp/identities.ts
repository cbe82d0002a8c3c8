import { X509Certificate, type KeyObject } from 'node:crypto';
import { msp } from '@hyperledger/fabric-protos';
import { sha256, verifyLowS } from '../crypto/ecdsa.ts';

export type Role = 'client' | 'admin' | 'peer' | 'orderer';

/** A certificate of one of the organizations' CAs that has one of the four roles. */
export interface Member {
  readonly mspid: string;
  readonly role: Role;
  readonly publicKey: KeyObject;
  /** Milliseconds since the epoch. Expiry is looked at only where Fabric does. */
  readonly expiresAtMs: number;
  /** The serialized identity, as a text: equal for equal identities. */
  readonly id: string;
}

/** What is known of a creator: nothing, only the organization whose CA issued it, or who it is. */
export type Identification =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'invalid'; readonly mspid: string; readonly expiresAtMs: number }
  | { readonly kind: 'member'; readonly member: Member; readonly mspid: string; readonly expiresAtMs: number };

/** Data, who claims to have signed it (a serialized identity), and the signature (DER). */
export interface SignedData {
  readonly identity: Uint8Array;
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
}

const ROLES: ReadonlySet<string> = new Set<Role>(['client', 'admin', 'peer', 'orderer']);
/** Good signatures that are remembered: several peers and the orderer check the same ones within moments. */
const REMEMBERED = 4_096;
const UNKNOWN: Identification = { kind: 'unknown' };

/** The organizations of a network by MSP id, and who belongs to them. */
export class Identities {
  readonly #authorities: ReadonlyMap<string, X509Certificate>;
  readonly #known = new Map<string, Identification>();
  readonly #good = new Set<string>();

  /** @param authorities PEM certificates of the organizations' CAs, by MSP id. */
  constructor(authorities: ReadonlyMap<string, string>) {
    this.#authorities = new Map([...authorities].map(([mspid, pem]) => [mspid, new X509Certificate(pem)]));
  }

  /** @param creator A serialized msp.SerializedIdentity. */
  identify(creator: Uint8Array): Identification {
    const id = Buffer.from(creator.buffer, creator.byteOffset, creator.byteLength).toString('base64');
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const found = this.#identify(creator, id);
    this.#known.set(id, found);
    return found;
  }

  /** The member who signed, or undefined: an unknown or invalid identity, or a signature that is not its own. */
  signer({ identity, data, signature }: SignedData): Member | undefined {
    const found = this.identify(identity);
    if (found.kind !== 'member') return undefined;
    return this.#isGood(found.member, data, signature) ? found.member : undefined;
  }

  #isGood({ publicKey, id }: Member, data: Uint8Array, signature: Uint8Array): boolean {
    const seen = `${id} ${sha256(data).toString('base64')} ${Buffer.from(signature).toString('base64')}`;
    if (this.#good.has(seen)) return true;
    if (!verifyLowS({ key: publicKey, data, signature })) return false;
    const [oldest] = this.#good.size < REMEMBERED ? [] : this.#good;
    if (oldest !== undefined) this.#good.delete(oldest);
    this.#good.add(seen);
    return true;
  }

  #identify(creator: Uint8Array, id: string): Identification {
    const certificate = parse(creator);
    const authority = certificate && this.#authorities.get(certificate.mspid);
    if (certificate === undefined || authority === undefined) return UNKNOWN;
    const { mspid, x509 } = certificate;
    if (!x509.checkIssued(authority) || !x509.verify(authority.publicKey)) return UNKNOWN;
    const expiresAtMs = Date.parse(x509.validTo);
    const role = /^OU=(.*)$/m.exec(x509.subject)?.[1];
    if (!isRole(role)) return { kind: 'invalid', mspid, expiresAtMs };
    return { kind: 'member', mspid, expiresAtMs, member: { mspid, role, publicKey: x509.publicKey, expiresAtMs, id } };
  }
}

function parse(creator: Uint8Array): { mspid: string; x509: X509Certificate } | undefined {
  try {
    const identity = msp.SerializedIdentity.deserializeBinary(creator);
    return { mspid: identity.getMspid(), x509: new X509Certificate(identity.getIdBytes_asU8()) };
  } catch {
    return undefined;
  }
}

function isRole(text: string | undefined): text is Role {
  return text !== undefined && ROLES.has(text);
}

/** The serialized identity of a certificate. */
export function serializeIdentity(mspid: string, certificate: string): Uint8Array {
  const identity = new msp.SerializedIdentity();
  identity.setMspid(mspid);
  identity.setIdBytes(Buffer.from(certificate));
  return identity.serializeBinary();
}
