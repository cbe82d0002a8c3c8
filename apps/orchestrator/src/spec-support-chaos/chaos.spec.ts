import { faketimeMissing, findFaketime } from '@orchestrator/tools';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { faultCount } from './report.ts';
import { runChaos } from './run.ts';
import { ChaosServices } from './scene.ts';

const isExtended = process.env['ORCHESTRATOR_TEST_EXTENDED'] === '1';
const SEED = Number(process.env['ORCHESTRATOR_TEST_SEED'] ?? '1');
const FAULTS = 30;
const RUNS = isExtended ? 4 : 1;
const RUN_TIMEOUT_MS = 900_000;

let services: ChaosServices;

beforeAll(async () => {
  if (findFaketime() === undefined) console.warn(`!!! ${faketimeMissing} !!!`);
  services = await ChaosServices.start();
}, 180_000);

afterAll(() => services[Symbol.asyncDispose](), 60_000);

it.each(Array.from({ length: RUNS }, (_, index) => SEED + index))(
  `two servers lose nothing, repeat nothing and reorder nothing through ${FAULTS} faults of seed %d`,
  async (seed) => {
    const findings = await runChaos(services, { seed, faults: FAULTS });
    console.log(JSON.stringify(findings));
    const missing = findFaketime() === undefined ? 2 : 0;
    expect(faultCount(findings)).toBe(FAULTS - missing);
    for (const { answered, transactions, refused, events } of Object.values(findings.channels)) {
      // Clients that were only refused would prove little.
      expect(answered).toBeGreaterThan(refused / 5);
      expect(Math.min(transactions, events)).toBeGreaterThan(FAULTS);
    }
  },
  RUN_TIMEOUT_MS,
);
