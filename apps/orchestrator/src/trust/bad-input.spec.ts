// Spoiled certificates: never an exception, and never a certificate that nobody has signed.
import { createRandom, mutate } from '@orchestrator/testing';
import { expect, it } from 'vitest';
import { parseCertificate } from './certificate.ts';
import { ClientCertificateVerifier } from './client-certificates.ts';
import { issueAuthority, issueCertificate, newAuthority } from '../config/spec-support.ts';

const isExtended = process.env['ORCHESTRATOR_TEST_EXTENDED'] === '1';
const ROUNDS = isExtended ? 100_000 : 3000;
const TIMEOUT_MS = isExtended ? 1_800_000 : 120_000;

it(`${ROUNDS} spoiled certificates are refused by a rule`, async () => {
  const root = await newAuthority('CN=Root');
  const department = await issueAuthority('CN=Department', { signer: root });
  const client = await issueCertificate('CN=backend,O=MyOrg1MSP', { signer: department });
  const authorities = [root, department].map(({ certificate }) => parseCertificate(new Uint8Array(certificate.rawData)));
  const verifier = new ClientCertificateVerifier({ of: () => authorities, onChange: () => undefined });
  const der = Buffer.from(client.certificate.rawData);
  expect(verifier.verify('MyOrg1MSP', der)).toEqual({ accepted: true });
  // The outer sequence has a head of four bytes; the signed part comes first in it.
  const signed = der.subarray(4, 8 + der.readUInt16BE(6));
  const random = createRandom(1);
  const rules = new Set<string>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const spoiled = mutate(random, der, []);
    const verdict = verifier.verify('MyOrg1MSP', spoiled);
    if (!verdict.accepted) rules.add(verdict.rule);
    // Around the signed part some encodings say the same.
    else expect(spoiled.includes(signed)).toBe(true);
  }
  expect([...rules].toSorted()).toEqual(expect.arrayContaining(['certificate-readable', 'issuer']));
}, TIMEOUT_MS);
