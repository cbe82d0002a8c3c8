import type { Section } from '../probe.ts';
import { blocks } from './blocks.ts';
import { eventKinds, eventPositions } from './chaincode-events.ts';
import { deliverProbe, rawEventProbes } from './raw-events.ts';

/** Events of chaincodes, and blocks. */
export const events: Section = {
  name: 'events',
  probes: [...eventKinds, ...eventPositions, ...rawEventProbes, ...blocks, deliverProbe],
};
