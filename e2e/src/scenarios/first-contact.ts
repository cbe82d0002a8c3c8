import { all, refuses } from '../assert.ts';
import { newDataManager, newDataSample, newFunction, newPlan } from '../assets.ts';
import type { Caller } from '../client.ts';
import type { Context } from '../context.ts';
import { scenario } from '../scenario.ts';

/** Scenarios for organizations that are not registered yet; on a server that knows them all they have nobody to try. */
export const firstContact = [
  scenario('an organization that has not registered itself cannot own an asset', async (context) => {
    for (const caller of await strangers(context)) {
      await refuses(caller.call('RegisterPlan', newPlan()), 'BadRequest');
      await refuses(caller.call('RegisterFunction', newFunction()), 'BadRequest');
      await refuses(caller.call('RegisterDataManager', newDataManager()), 'BadRequest');
      await refuses(caller.call('RegisterDataSamples', { samples: [newDataSample()] }), 'BadRequest');
    }
  }),
  scenario('an organization that has not registered itself may read', async (context) => {
    const callers = await strangers(context);
    await all(
      callers.map((caller) => [caller.mspid, caller] as const),
      async (caller) => {
        await caller.call('QueryPlans', {});
        await caller.call('QueryEvents', {});
        await caller.call('QueryVersion', {});
      },
    );
  }),
];

async function strangers({ options, caller }: Context): Promise<Caller[]> {
  const found: Caller[] = [];
  for (const channel of [options.channel, options.otherChannel]) {
    for (const mspid of [options.mspid, options.otherMspid]) {
      const candidate = caller(mspid, channel);
      const { organizations } = await candidate.call('GetAllOrganizations', {});
      if (!organizations.some(({ id }) => id === mspid)) found.push(candidate);
    }
  }
  return found;
}
