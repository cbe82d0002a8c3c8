import { dbalConformance } from '../conformance/index.ts';
import { MemoryStore } from './memory-store.ts';

const mspid = 'MyOrg1MSP';

dbalConformance('the store in memory', async () => {
  const store = new MemoryStore();
  let channels = 0;
  return {
    openChannel: async () => `channel${(channels += 1)}`,
    write: (channel, work) => store.transaction({ channel, mspid }, work),
    read: (channel, work) => store.read({ channel, mspid }, work),
    [Symbol.asyncDispose]: async () => undefined,
  };
});
