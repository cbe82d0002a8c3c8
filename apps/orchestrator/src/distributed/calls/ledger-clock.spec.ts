import { generateKeyPairSync } from 'node:crypto';
import { Client, credentials } from '@grpc/grpc-js';
import { connect } from '@hyperledger/fabric-gateway';
import { common, gateway as messages, peer } from '@hyperledger/fabric-protos';
import { expect, test } from 'vitest';
import { createSigning } from '../peers/signing.ts';
import { LedgerClock, stampProposal } from './ledger-clock.ts';

test('each instant is later than the one before, in microseconds of the wall clock', () => {
  const clock = new LedgerClock();
  const before = BigInt(Date.now() - 10) * 1000n;
  const instants = Array.from({ length: 10_000 }, () => clock.next());
  const after = BigInt(Date.now() + 20) * 1000n;
  expect(new Set(instants).size).toBe(instants.length);
  expect(instants).toEqual(instants.toSorted((a, b) => (a < b ? -1 : 1)));
  expect(instants[0]).toBeGreaterThan(before);
  expect(instants.at(-1)).toBeLessThan(after);
});

test('a proposal gets its instant, and keeps all the rest', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  using client = Object.assign(new Client('localhost:1', credentials.createInsecure()), {
    [Symbol.dispose](this: Client) {
      this.close();
    },
  });
  const identity = { mspId: 'O1', credentials: Buffer.from('certificate') };
  const gateway = connect({ client, identity, ...createSigning(privateKey) });
  const proposal = gateway.getNetwork('c1').getContract('cc', 'orchestrator.info').newProposal('QueryVersion', { arguments: ['{}'] });
  const before = proposal.getBytes();
  const after = stampProposal(before, 1_700_000_000_123_456n);
  const header = (bytes: Uint8Array): common.ChannelHeader => {
    const signed = messages.ProposedTransaction.deserializeBinary(bytes).getProposal();
    const inner = peer.Proposal.deserializeBinary(signed?.getProposalBytes_asU8() ?? new Uint8Array());
    return common.ChannelHeader.deserializeBinary(
      common.Header.deserializeBinary(inner.getHeader_asU8()).getChannelHeader_asU8(),
    );
  };
  expect(header(after).getTimestamp()?.toObject()).toEqual({ seconds: 1_700_000_000, nanos: 123_456_000 });
  expect(header(after).toObject()).toEqual({ ...header(before).toObject(), timestamp: expect.anything() });
  expect(gateway.newProposal(after).getTransactionId()).toBe(proposal.getTransactionId());
});
