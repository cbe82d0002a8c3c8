import type { Section } from '../probe.ts';
import { endorsement } from './endorsement.ts';
import { errors } from './errors.ts';
import { cross } from './cross.ts';
import { events } from './events.ts';
import { faults } from './faults.ts';
import { identity } from './identity.ts';
import { more } from './more.ts';
import { mvcc } from './mvcc.ts';
import { raw } from './raw.ts';
import { scans } from './scans.ts';
import { sizes } from './sizes.ts';
import { system } from './system.ts';
import { values } from './values.ts';
import { wire } from './wire.ts';

/** All sections, in the order in which they run: some see what earlier ones left. */
export const sections: readonly Section[] = [
  errors,
  raw,
  values,
  scans,
  mvcc,
  endorsement,
  identity,
  cross,
  events,
  system,
  wire,
  more,
  sizes,
  faults,
];
