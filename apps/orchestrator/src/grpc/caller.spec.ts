import { Metadata } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { checkCaller, readCaller, readRequestId } from './caller.ts';
import type { ClientVerifier } from './caller.ts';
import { createFakeLog, goodHeaders } from './spec-support.ts';
import type { LogEntry } from './spec-support.ts';

function metadataOf(headers: Readonly<Record<string, string | readonly string[]>>): Metadata {
  const metadata = new Metadata();
  for (const [name, values] of Object.entries(headers)) for (const value of [values].flat()) metadata.add(name, value);
  return metadata;
}

function admit(headers: Readonly<Record<string, string | readonly string[]>>, verifier?: ClientVerifier): unknown {
  const logEntries: LogEntry[] = [];
  const log = createFakeLog(logEntries);
  const isMember = (channel: string, mspid: string): 'ok' | 'unknown' =>
    channel === 'mychannel' && mspid === 'MyOrg1MSP' ? 'ok' : 'unknown';
  const caller = readCaller(metadataOf(headers), 'rq');
  checkCaller({ channels: { isMember }, verifier, log }, { caller, certificate: () => undefined });
  return caller;
}

describe('the headers of a call', () => {
  it('name the caller', () => {
    expect(admit(goodHeaders)).toEqual({
      channel: 'mychannel',
      mspid: 'MyOrg1MSP',
      chaincode: undefined,
      requestId: 'rq',
      idempotencyKey: undefined,
    });
  });

  it.each([
    [{ channel: 'mychannel' }, 'OE0003: header "mspid" is missing'],
    [{ mspid: 'MyOrg1MSP' }, 'OE0003: header "channel" is missing'],
    [{ ...goodHeaders, mspid: '' }, 'OE0003: header "mspid" is empty'],
    [{ ...goodHeaders, channel: ' ' }, 'OE0003: header "channel" is empty'],
    [{ ...goodHeaders, channel: 'mychannel,mychannel' }, 'OE0003: header "channel" is repeated'],
    [{ ...goodHeaders, mspid: ['MyOrg1MSP', 'MyOrg1MSP'] }, 'OE0003: header "mspid" is repeated'],
    [{ ...goodHeaders, chaincode: 'a, b' }, 'OE0003: header "chaincode" is repeated'],
    [{ ...goodHeaders, 'idempotency-key': '' }, 'OE0101: header "idempotency-key" must have 1 to 128 printable ASCII characters'],
    [
      { ...goodHeaders, 'idempotency-key': 'x'.repeat(129) },
      'OE0101: header "idempotency-key" must have 1 to 128 printable ASCII characters',
    ],
  ])('are refused: %j', (headers, message) => {
    expect(() => admit(headers)).toThrow(expect.objectContaining({ message }));
  });

  it('do not tell an unknown channel from one of others', () => {
    expect(() => admit({ ...goodHeaders, channel: 'other' })).toThrow(
      'OE0102: organization "MyOrg1MSP" is not a member of channel "other"',
    );
    expect(() => admit({ ...goodHeaders, mspid: 'Other' })).toThrow(
      'OE0102: organization "Other" is not a member of channel "mychannel"',
    );
  });

  it('are refused when the certificate is another’s', () => {
    const seen: unknown[] = [];
    const verifier: ClientVerifier = {
      verify: (...args) => {
        seen.push(args);
        return { accepted: false, rule: 'some-rule', reason: 'because' };
      },
    };
    expect(() => admit(goodHeaders, verifier)).toThrow(
      'OE0102: the client certificate is not one of organization "MyOrg1MSP"',
    );
    expect(seen).toEqual([['MyOrg1MSP', undefined]]);
    expect(admit(goodHeaders, { verify: () => ({ accepted: true }) })).toMatchObject({ mspid: 'MyOrg1MSP' });
  });
});

describe('the request id', () => {
  it('is made when there is none', () => {
    expect(readRequestId(new Metadata())).toMatch(/^[0-9a-f]{8}$/);
    expect(readRequestId(metadataOf({ reqid: '' }))).toMatch(/^[0-9a-f]{8}$/);
  });

  it('is kept within what a log can bear', () => {
    expect(readRequestId(metadataOf({ reqid: 'a b' }))).toBe('a_b');
    expect(readRequestId(metadataOf({ reqid: 'x'.repeat(100) }))).toBe('x'.repeat(64));
  });
});
