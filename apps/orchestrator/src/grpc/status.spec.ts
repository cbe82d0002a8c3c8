import { status } from '@grpc/grpc-js';
import { ErrorCode, OrchestrationError } from '@orchestrator/lib';
import { describe, expect, it } from 'vitest';
import { MessageTooLargeError, UnavailableError } from '../errors.ts';
import { encodeMessage, toCallStatus, toWireStatus } from './status.ts';

// Written again from the contract, so that a slip in the table shows.
const expectedStatus: Readonly<Record<string, status>> = {
  OE0001: status.INTERNAL,
  OE0002: status.NOT_FOUND,
  OE0003: status.FAILED_PRECONDITION,
  OE0006: status.ALREADY_EXISTS,
  OE0007: status.INTERNAL,
  OE0010: status.UNIMPLEMENTED,
  OE0101: status.INVALID_ARGUMENT,
  OE0102: status.PERMISSION_DENIED,
  OE0104: status.INVALID_ARGUMENT,
  OE0105: status.INVALID_ARGUMENT,
  OE0106: status.INVALID_ARGUMENT,
  OE0107: status.INVALID_ARGUMENT,
  OE0108: status.FAILED_PRECONDITION,
  OE0109: status.FAILED_PRECONDITION,
  OE0110: status.FAILED_PRECONDITION,
};

describe('the status of an error', () => {
  it.each(Object.values(ErrorCode))('%s is the one of the contract', (code) => {
    const callStatus = toCallStatus(new OrchestrationError(code, 'no'), 'rq');
    expect(callStatus).toEqual({ code: expectedStatus[code], message: `${code}: no`, unexpected: false });
  });

  it('is UNAVAILABLE for what passes, RESOURCE_EXHAUSTED for what is too large', () => {
    expect(toCallStatus(new UnavailableError('later'), 'rq').code).toBe(status.UNAVAILABLE);
    const tooLarge = toCallStatus(new MessageTooLargeError({ what: 'answer', bytes: 5, limitBytes: 4 }), 'rq');
    expect(tooLarge.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(tooLarge.message).toContain('message larger than max');
  });

  it.each([new Error('secret'), 'secret', undefined, { code: 2, message: 'secret' }])('gives nothing of %o away', (error) => {
    expect(toCallStatus(error, 'rq')).toEqual({
      code: status.INTERNAL,
      message: 'OE0007: internal error, request rq',
      unexpected: true,
    });
  });
});

describe('a status message on the wire', () => {
  it('escapes what is not printable ASCII, and the percent sign', () => {
    expect(encodeMessage('a "b" 100% é\n🙂 ~')).toBe('a "b" 100%25 %C3%A9%0A%F0%9F%99%82 ~');
  });

  it('escapes spaces at the ends, where they would cost the whole message', () => {
    expect(encodeMessage(' a b ')).toBe('%20a b%20');
  });

  it('never throws for a lone surrogate', () => {
    expect(encodeMessage('\ud800')).toBe('%EF%BF%BD');
  });

  it('stays within what all clients take, and is cut between characters', () => {
    expect(encodeMessage('x'.repeat(8000))).toHaveLength(8000);
    const encoded = encodeMessage('é'.repeat(8000));
    expect(encoded.length).toBeLessThanOrEqual(8000);
    expect(decodeURIComponent(encoded)).toBe('é'.repeat(1333));
    expect(toWireStatus({ code: status.INTERNAL, message: 'é'.repeat(8000), unexpected: false }).ownFrame).toBe(true);
    expect(toWireStatus({ code: status.INTERNAL, message: 'é', unexpected: false }).ownFrame).toBe(false);
  });
});
