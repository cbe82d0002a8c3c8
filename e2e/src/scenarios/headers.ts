import { procedures } from '@orchestrator/lib';
import { all, assert, checkRefusal, refuses, type RefusalName } from '../assert.ts';
import { newKey, newPlan } from '../assets.ts';
import type { Caller, Headers } from '../client.ts';
import { registerPlan } from '../flows.ts';
import { scenario } from '../scenario.ts';

export const headers = [
  scenario('every procedure needs the channel header', ({ org1 }) =>
    everyProcedure(org1, { channel: undefined }, 'channel'),
  ),
  scenario('every procedure needs the mspid header', ({ org1 }) => everyProcedure(org1, { mspid: undefined }, 'mspid')),
  scenario('an empty or repeated header is refused and named', async ({ org1 }) => {
    const version = (wrong: Headers): Promise<unknown> => org1.with(wrong).call('QueryVersion', {});
    await refuses(version({ mspid: '' }), 'BadRequest', 'mspid');
    await refuses(version({ channel: '' }), 'BadRequest', 'channel');
    await refuses(version({ mspid: [org1.mspid, org1.mspid] }), 'BadRequest', 'mspid');
    await refuses(version({ channel: [org1.channel, org1.channel] }), 'BadRequest', 'channel');
  }),
  scenario('a comma in a header counts as a repeated header', async ({ org1 }) => {
    const version = (wrong: Headers): Promise<unknown> => org1.with(wrong).call('QueryVersion', {});
    await refuses(version({ mspid: `${org1.mspid},${org1.mspid}` }), 'BadRequest', 'mspid');
    await refuses(version({ channel: `${org1.channel},${org1.channel}` }), 'BadRequest', 'channel');
    await refuses(version({ chaincode: 'one,two' }), 'BadRequest', 'chaincode');
  }),
  scenario('an unknown organization is refused by every procedure', ({ org1 }) =>
    everyProcedure(org1, { mspid: 'NobodyMSP' }, '', 'PermissionDenied'),
  ),
  scenario('an unknown channel is refused by every procedure', ({ org1 }) =>
    everyProcedure(org1, { channel: 'nochannel' }, '', 'PermissionDenied'),
  ),
  scenario('headers are checked before the request', async ({ org1 }) => {
    const wrong = newPlan({ key: 'no uuid' });
    await refuses(org1.with({ channel: undefined }).call('RegisterPlan', wrong), 'BadRequest');
    await refuses(org1.with({ mspid: 'NobodyMSP' }).call('RegisterPlan', wrong), 'PermissionDenied');
    await refuses(org1.with({ mspid: undefined }).send('RegisterPlan', Buffer.from([0x0a, 0x05])), 'BadRequest');
  }),
  scenario('a request id and unknown headers change nothing', async ({ org1 }) => {
    const answer = await org1.with({ reqid: 'abcd1234', 'x-unknown': 'value' }).call('QueryVersion', {});
    assert.notEqual(answer.orchestrator, '');
  }),
  scenario('a channel shows nothing of another one', async ({ org1, elsewhere }) => {
    const { key } = await registerPlan(org1);
    await refuses(elsewhere.call('GetPlan', { key }), 'NotFound');
    await refuses(elsewhere.call('IsPlanRunning', { key }), 'NotFound');
    const { events } = await elsewhere.call('QueryEvents', { filter: { assetKey: key } });
    assert.deepEqual(events, []);
  }),
  scenario('the same key in two channels names two assets', async ({ org1, elsewhere }) => {
    const key = newKey();
    await org1.call('RegisterPlan', newPlan({ key, name: 'here' }));
    await elsewhere.call('RegisterPlan', newPlan({ key, name: 'there' }));
    assert.equal((await org1.call('GetPlan', { key })).name, 'here');
    assert.equal((await elsewhere.call('GetPlan', { key })).name, 'there');
    await elsewhere.call('UpdatePlan', { key, name: 'changed there' });
    assert.equal((await org1.call('GetPlan', { key })).name, 'here');
  }),
];

async function everyProcedure(
  caller: Caller,
  wrong: Headers,
  text: string,
  refusal: RefusalName = 'BadRequest',
): Promise<void> {
  const cases = procedures.map((procedure) => [procedure.method, procedure] as const);
  await all(cases, async ({ method, kind }) => {
    const misled = caller.with(wrong);
    if (kind !== 'stream') return refuses(misled.send(method, new Uint8Array()), refusal, text);
    await using stream = misled.subscribe();
    const error = await stream.ending();
    checkRefusal(error, refusal);
    assert.ok(error.details.includes(text));
  });
}
