import { createPrivateKey } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import { Authority, type KeyPair } from '../crypto/authority.ts';
import { signLowS } from '../crypto/ecdsa.ts';
import { Identities, serializeIdentity } from './identities.ts';

let identities: Identities;
let ca: Authority;
let user: KeyPair;

beforeAll(async () => {
  ca = await Authority.create({ commonName: 'ca.org1.test', organization: 'org1.test' });
  const other = await Authority.create({ commonName: 'ca.org2.test', organization: 'org2.test' });
  identities = new Identities(
    new Map([
      ['Org1MSP', (await ca.pair()).cert],
      ['Org2MSP', (await other.pair()).cert],
    ]),
  );
  user = await ca.issue({ subject: { commonName: 'User1', organizationalUnit: 'client' } });
});

const kindOf = (mspid: string, cert: string): string => identities.identify(serializeIdentity(mspid, cert)).kind;

it('knows a member by its CA and its role', () => {
  const found = identities.identify(serializeIdentity('Org1MSP', user.cert));
  expect(found).toMatchObject({ kind: 'member', mspid: 'Org1MSP', member: { role: 'client' } });
});

it('does not know other organizations, other CAs, other names or garbage', async () => {
  const impostor = await Authority.create({ commonName: 'ca.org1.test', organization: 'org1.test' });
  const { cert } = await impostor.issue({ subject: { commonName: 'User1', organizationalUnit: 'client' } });
  expect(kindOf('Org1MSP', cert)).toBe('unknown');
  expect(kindOf('Org2MSP', user.cert)).toBe('unknown');
  expect(kindOf('NopeMSP', user.cert)).toBe('unknown');
  expect(kindOf('', user.cert)).toBe('unknown');
  expect(kindOf('Org1MSP', 'not pem')).toBe('unknown');
  expect(identities.identify(Buffer.from('garbage')).kind).toBe('unknown');
});

it('knows the organization of a certificate without a role, but no member', async () => {
  for (const subject of [{ commonName: 'x' }, { commonName: 'x', organizationalUnit: 'auditor' }]) {
    const { cert, key } = await ca.issue({ subject });
    const identity = serializeIdentity('Org1MSP', cert);
    expect(identities.identify(identity)).toMatchObject({ kind: 'invalid', mspid: 'Org1MSP' });
    const data = Buffer.from('x');
    expect(identities.signer({ identity, data, signature: signLowS(createPrivateKey(key), data) })).toBeUndefined();
  }
});

it('tells the signer only by a good signature', () => {
  const [identity, data] = [serializeIdentity('Org1MSP', user.cert), Buffer.from('data')];
  const signature = signLowS(createPrivateKey(user.key), data);
  expect(identities.signer({ identity, data, signature })?.role).toBe('client');
  expect(identities.signer({ identity, data: Buffer.from('other'), signature })).toBeUndefined();
});
