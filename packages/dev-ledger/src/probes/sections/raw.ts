import { probe, type Section } from '../probe.ts';

/** Answers of a low-level chaincode with every kind of status. */
export const raw: Section = {
  name: 'raw',
  probes: [
    ...['0', '-1', '100', '199', '200', '201', '300', '399', '400', '404', '499', '500', '501', '599', '1000'].map((st) =>
      probe(
        `raw.status.${st}`,
        `chaincode returns Response{status ${st}, message "m", payload "p"}, writes a key and sets an event`,
        (kit) => kit.both(kit.org1.chaincode('raw'), 'status', [st, 'm', 'p', 'rs' + st, 'rev']),
      ),
    ),
    probe('raw.status.200.empty', 'status 200, no message, no payload, no write', (kit) =>
      kit.both(kit.org1.chaincode('raw'), 'status', ['200', '']),
    ),
    probe('raw.status.500.emptyMessage', 'status 500 with an empty message', (kit) =>
      kit.both(kit.org1.chaincode('raw'), 'status', ['500', '']),
    ),
    probe('raw.status.500.payload', 'status 500 with payload only', (kit) =>
      kit.both(kit.org1.chaincode('raw'), 'status', ['500', '', 'p']),
    ),
    probe('raw.undefined', 'Invoke returns undefined', (kit) => kit.both(kit.org1.chaincode('raw'), 'undef')),
    probe('raw.noStatus', 'Invoke returns an object without a status', (kit) => kit.both(kit.org1.chaincode('raw'), 'noStatus')),
    probe('raw.throw', 'Invoke throws', (kit) => kit.both(kit.org1.chaincode('raw'), 'throw')),
    probe('raw.err', 'shim.error(new Error("x"))', (kit) => kit.both(kit.org1.chaincode('raw'), 'err', ['x'])),
    probe('raw.wire', 'wire of status 400 with event and write', (kit) =>
      kit.wire(() => kit.out(kit.org1.chaincode('raw').evaluateTransaction('status', '400', 'm', 'p', 'k', 'e'))),
    ),
  ],
};
