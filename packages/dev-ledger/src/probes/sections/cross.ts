import { setTimeout as delay } from 'node:timers/promises';
import { mainChannel } from '../connections.ts';
import type { Collected } from '../event-collection.ts';
import type { ProbeKit } from '../kit.ts';
import { statusOf } from '../outcomes.ts';
import { probe, type Section } from '../probe.ts';
import { list, text } from '../text.ts';

const other = 'yourchannel';

/** Evaluates and submits a call by the probe contract. */
async function callBoth(kit: ProbeKit, chaincode: string, channel: string, ...args: readonly string[]): Promise<unknown> {
  return kit.both(kit.contract, 'call', [chaincode, channel, list(...args)]);
}

async function eventsOf(kit: ProbeKit, chaincode: string, startBlock: bigint): Promise<Collected['events']> {
  const collected = await kit.collect(() => kit.channel.getChaincodeEvents(chaincode, { startBlock }), {
    show: ({ chaincodeName, eventName, payload }) => [chaincodeName, eventName, text(payload)],
  });
  return 'opening' in collected ? [collected] : collected.events;
}

async function policyOfBoth(kit: ProbeKit): Promise<unknown> {
  const org1Alone = { endorsingOrganizations: ['MyOrg1MSP'] };
  const chaincode = kit.org1.chaincode('orcc');
  return {
    orccWritesRawOrg1Only: await kit.stages(chaincode, 'call', ['raw', '', list('put', 'pb', '1')], org1Alone),
    orccReadsRawOrg1Only: await kit.stages(chaincode, 'call', ['raw', '', list('get', 'pb')], org1Alone),
    orccWritesRawDelegated: await kit.invocations(() => kit.stages(chaincode, 'call', ['raw', '', list('put', 'pb', '1')])),
  };
}

/** One chaincode calls another. */
export const cross: Section = {
  name: 'cross',
  setup: async (kit) => {
    await kit.submit('put', 'self', 's');
  },
  probes: [
    probe('x.get', 'call raw.get on the same channel (empty channel name, own channel name)', async (kit) => {
      await kit.org1.chaincode('raw').submitTransaction('put', 'xg', 'val');
      return [await callBoth(kit, 'raw', '', 'get', 'xg'), await callBoth(kit, 'raw', mainChannel, 'get', 'xg')];
    }),
    probe('x.put', 'call raw.put on the same channel: is the write kept?', async (kit) => [
      await callBoth(kit, 'raw', '', 'put', 'xp', '1'),
      await kit.out(kit.org1.chaincode('raw').evaluateTransaction('get', 'xp')),
    ]),
    probe('x.putOtherChannel', 'call raw.put on the other channel: is the write kept there?', async (kit) => [
      await callBoth(kit, 'raw', other, 'put', 'xo', '1'),
      await kit.out(kit.org1.chaincode('raw', other).evaluateTransaction('get', 'xo')),
    ]),
    probe('x.getOtherChannel', 'call raw.get on the other channel after a put there', async (kit) => {
      await kit.org1.chaincode('raw', other).submitTransaction('put', 'xoc', 'other');
      return callBoth(kit, 'raw', other, 'get', 'xoc');
    }),
    probe('x.who', 'what the callee sees', (kit) => kit.evaluate('call', 'raw', '', list('who'))),
    probe('x.err', 'callee answers an error; callee answers 404', async (kit) => [
      await callBoth(kit, 'raw', '', 'err', 'x'),
      await callBoth(kit, 'raw', '', 'status', '404', 'nf', 'pl'),
    ]),
    probe('x.errOtherChannel', 'callee on the other channel answers an error', (kit) =>
      callBoth(kit, 'raw', other, 'status', '404', 'nf', 'pl'),
    ),
    probe('x.unknown', 'unknown chaincode; unknown channel; empty name', async (kit) => [
      await callBoth(kit, 'nosuch', '', 'f'),
      await callBoth(kit, 'raw', 'nosuch', 'f'),
      await callBoth(kit, '', '', 'f'),
    ]),
    probe('x.self', 'call itself; call the same package under another name', async (kit) => [
      await callBoth(kit, 'probe', '', 'get', 'self'),
      await callBoth(kit, 'orcc', '', 'get', 'self'),
    ]),
    probe('x.selfOtherChannel', 'call itself on the other channel', (kit) => callBoth(kit, 'probe', other, 'get', 'self')),
    probe('x.system', 'call qscc, cscc, lscc, _lifecycle', async (kit) => [
      await kit.evaluate('call', 'qscc', '', list('GetChainInfo', mainChannel)),
      await kit.evaluate('call', 'cscc', '', list('GetChannels')),
      await kit.evaluate('call', 'lscc', '', list('getchaincodes')),
      await kit.evaluate('call', '_lifecycle', '', list('QueryChaincodeDefinitions')),
    ]),
    probe('x.notInit', 'call a chaincode that requires init (initialised in section values)', (kit) =>
      kit.evaluate('call', 'initcc', '', list('get', 'x')),
    ),
    probe('x.policyOfBoth', 'orcc (OR) calls raw (AND): with the endorsement of org1 alone, and delegated', policyOfBoth),
    probe('x.events', 'events of caller and callee in one transaction', async (kit) => {
      const startBlock = await kit.height();
      await kit.submit('putCall', 'xe', 'raw', '', list('put', 'xe', '1'));
      await kit.submit('call', 'raw', '', list('put', 'xe2', '1'));
      await delay(200);
      return { probe: await eventsOf(kit, 'probe', startBlock), raw: await eventsOf(kit, 'raw', startBlock) };
    }),
    probe('x.wire', 'wire of putCall to raw on the same channel (caller and callee)', (kit) =>
      kit.wire(() => kit.evaluate('putCall', 'xw', 'raw', '', list('put', 'xw', '1'))),
    ),
    probe('x.mvccCallee', 'conflict on a key read by the callee', async (kit) => {
      const raw = kit.org1.chaincode('raw');
      await raw.submitTransaction('put', 'xm', '1');
      const transaction = await kit.prepare('call', ['raw', '', list('get', 'xm')]);
      await raw.submitTransaction('put', 'xm', '2');
      return (await kit.commitAll([transaction])).map(statusOf);
    }),
    probe('x.mvccOtherChannel', 'a key read on the other channel changes before commit', async (kit) => {
      const transaction = await kit.prepare('call', ['raw', other, list('get', 'xoc')]);
      await kit.org1.chaincode('raw', other).submitTransaction('put', 'xoc', 'new');
      return (await kit.commitAll([transaction])).map(statusOf);
    }),
  ],
};
