import type { Section } from '../probe.ts';
import { callers, offline } from './callers.ts';
import { proposals } from './proposals.ts';

/** Who calls, and with which proposal. */
export const identity: Section = { name: 'identity', probes: [...callers, ...proposals, offline] };
