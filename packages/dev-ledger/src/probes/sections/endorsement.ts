import type { Section } from '../probe.ts';
import { duplicates, statuses } from './duplicates.ts';
import { endorsing } from './endorsing.ts';
import { tampering } from './tampering.ts';

/** From endorsement to status: who endorses, what is checked, which ids may be used. */
export const endorsement: Section = { name: 'endorsement', probes: [...endorsing, ...tampering, ...duplicates, ...statuses] };
