import type { Section } from '../probe.ts';
import { impatient } from '../kit.ts';
import { withoutTap } from '../without-tap.ts';
import { chaincodeFaults, slownessFaults } from './chaincode-faults.ts';
import { nodeFaults } from './node-faults.ts';

/** What clients see when chaincodes, peers or the orderer are gone, slow or overloaded. The peers talk to the chaincode directly. */
export const faults: Section = {
  name: 'faults',
  setup: (kit) => withoutTap(kit, impatient),
  probes: [...chaincodeFaults, ...slownessFaults, ...nodeFaults],
};
