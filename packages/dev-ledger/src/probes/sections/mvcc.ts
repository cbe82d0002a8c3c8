import type { Section } from '../probe.ts';
import { phantoms } from './mvcc-phantoms.ts';
import { mvcc as reads } from './mvcc-reads.ts';

/** Conflicts of transactions that ran at the same time. */
export const mvcc: Section = { name: 'mvcc', probes: [...reads, ...phantoms] };
