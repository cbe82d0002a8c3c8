import { createPrivateKey, webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
// @peculiar/x509 needs it, and before itself.
import 'reflect-metadata';
import { type Identity, type Signer, signers } from '@hyperledger/fabric-gateway';
import { msp } from '@hyperledger/fabric-protos';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { Authority } from '../crypto/authority.ts';
import type { LedgerIdentity, LedgerOrganization } from '../network.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const MINUTE_MS = 60_000;

/** Who calls, and what signs for it. */
export interface Caller {
  readonly identity: Identity;
  readonly signer: Signer;
}

/** A caller whose certificate is peculiar. */
export interface OddCertificate {
  readonly name: string;
  /** Its organizational unit, from which its role follows; none when it is empty. */
  readonly unit: string;
  /** When it begins and ends to be valid, in minutes from now. */
  readonly fromMinutes: number;
  readonly toMinutes: number;
}

/** The caller of a certificate and key in files. */
export function callerOf({ mspid, certFile, keyFile }: LedgerIdentity): Caller {
  return toCaller(mspid, readFileSync(certFile), readFileSync(keyFile, 'utf8'));
}

/** The bytes of a SerializedIdentity. */
export function serialized({ mspId, credentials }: Identity): Uint8Array {
  const creator = new msp.SerializedIdentity();
  creator.setMspid(mspId);
  creator.setIdBytes(credentials);
  return creator.serializeBinary();
}

/** A caller with a certificate by the organization's CA. */
export async function issueOdd({ mspid, ca }: LedgerOrganization, odd: OddCertificate): Promise<Caller> {
  const issuer = new X509Certificate(readFileSync(ca.certFile, 'utf8'));
  const pkcs8 = PemConverter.decodeFirst(readFileSync(ca.keyFile, 'utf8'));
  const signingKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, false, ['sign']);
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const now = Date.now();
  const certificate = await X509CertificateGenerator.create({
    subject: `${odd.unit === '' ? '' : `OU=${odd.unit}, `}CN=${odd.name}@org1.test`,
    issuer: issuer.subject,
    notBefore: new Date(now + odd.fromMinutes * MINUTE_MS),
    notAfter: new Date(now + odd.toMinutes * MINUTE_MS),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      await AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return toCaller(mspid, Buffer.from(`${certificate.toString('pem')}\n`), key);
}

/** A caller whose certificate says all that a good one says, but is by another CA of the same name. */
export async function issueByAnotherAuthority(mspid: string): Promise<Caller> {
  const authority = await Authority.create({ commonName: 'ca.org1.test', organization: 'org1.test' });
  const { cert, key } = await authority.issue({ subject: { commonName: 'User1@org1.test', organizationalUnit: 'client' } });
  return toCaller(mspid, Buffer.from(cert), key);
}

function toCaller(mspId: string, credentials: Uint8Array, key: string): Caller {
  return { identity: { mspId, credentials }, signer: signers.newPrivateKeySigner(createPrivateKey(key)) };
}
