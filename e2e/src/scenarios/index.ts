import type { Scenario } from '../scenario.ts';
import { concurrency } from './concurrency.ts';
import { data } from './data.ts';
import { events } from './events.ts';
import { failureReports } from './failure-reports.ts';
import { functions } from './functions.ts';
import { headers } from './headers.ts';
import { info } from './info.ts';
import { infrastructure } from './infrastructure.ts';
import { listings } from './listings.ts';
import { malformed } from './malformed.ts';
import { modelScenarios } from './models.ts';
import { organizations } from './organizations.ts';
import { disabledOutputs } from './outputs.ts';
import { performances } from './performances.ts';
import { permissions } from './permissions.ts';
import { plans } from './plans.ts';
import { presence } from './presence.ts';
import { replay } from './replay.ts';
import { scale } from './scale.ts';
import { streams } from './streams.ts';
import { taskInputs } from './task-inputs.ts';
import { taskRefusals } from './task-refusals.ts';
import { taskRegistration } from './task-registration.ts';
import { taskStates } from './task-states.ts';
import { validation } from './validation.ts';

export { firstContact } from './first-contact.ts';

/** All scenarios for registered organizations, by area. */
export const areas: Readonly<Record<string, readonly Scenario[]>> = {
  infrastructure,
  headers,
  organizations,
  validation,
  'malformed requests': malformed,
  permissions,
  functions,
  data,
  plans,
  'task registration': taskRegistration,
  'task refusals': taskRefusals,
  'task states': taskStates,
  'task inputs': taskInputs,
  'disabled outputs': disabledOutputs,
  models: modelScenarios,
  performances,
  'failure reports': failureReports,
  info,
  listings,
  events,
  'event streams': streams,
  'existing clients': presence,
  'safe replay': replay,
  concurrency,
  scale,
};
