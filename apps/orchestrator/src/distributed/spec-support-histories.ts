import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runHistory } from '@orchestrator/testing';
import type { ServerProcess } from '@orchestrator/tools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SpecClient } from '../spec-client.ts';
import { historyApi } from '../spec-support-history-api.ts';
import { type LedgerKind, type SpecLedger, startDevSpecLedger, startSpecLedger } from './spec-support-servers.ts';

const CHANNELS = ['mychannel', 'yourchannel'] as const;
const START_TIMEOUT_MS = 180_000;
/** Under load a block takes long, and each writing step waits for one. */
const STEP_TIMEOUT_MS = 1000;

export interface DistributedHistories {
  readonly kind: LedgerKind;
  readonly seeds: readonly number[];
  /** Calls of each history. */
  readonly steps: number;
  /** Of a development ledger; two, as real networks have here, unless told otherwise. */
  readonly organizations?: readonly string[];
}

/** Tests: the histories of standalone mode against a server of distributed mode, each in chaincodes of its own. */
export function testHistories({ kind, seeds, steps, organizations = ['MyOrg1MSP', 'MyOrg2MSP'] }: DistributedHistories): void {
  describe(`a random history of all procedures agrees with the model, answer by answer and event by event (${kind})`, () => {
    let ledger: SpecLedger;
    let client: SpecClient;

    beforeAll(async () => {
      ledger = kind === 'fabric' ? await startSpecLedger(kind) : await startDevSpecLedger({ organizations });
      client = ledger.clientOf(await startServer(ledger, seeds));
    }, START_TIMEOUT_MS);

    afterAll(() => ledger[Symbol.asyncDispose](), START_TIMEOUT_MS);

    it.each(seeds)(
      `seed %d, ${steps} steps`,
      async (seed) => {
        const api = historyApi(() => client, { chaincode: chaincodeOf(seed) });
        const summary = await runHistory({ seed, steps, api, channels: CHANNELS, organizations });
        const [answered, refused] = [sumOf(summary.answered), sumOf(summary.refused)];
        // A history that only meets refusals, or none, would prove little.
        expect([answered, refused].every((count) => count > steps / 10)).toBe(true);
        console.log(`seed ${seed} on ${kind}: ${answered} calls answered, ${refused} refused`);
      },
      START_TIMEOUT_MS + steps * STEP_TIMEOUT_MS,
    );
  });
}

/** A server whose configuration leaves the chaincode to the caller, in front of a chaincode for each history. */
async function startServer(ledger: SpecLedger, seeds: readonly number[]): Promise<ServerProcess> {
  const { network, deployment } = ledger;
  const definitions = CHANNELS.flatMap((channel) =>
    seeds.map((seed) => ({ channel, name: chaincodeOf(seed), package: deployment.label, policy: 'AND' })),
  );
  await network.deploy({ packages: [], chaincodes: definitions });
  const channelConfig = join(deployment.folder, 'channels-without-chaincode.yaml');
  const members = network.organizations.map(({ mspid }) => mspid).join(', ');
  await writeFile(channelConfig, `channels:\n${CHANNELS.map((channel) => `  ${channel}: [${members}]`).join('\n')}\n`);
  return ledger.startServer({ ORCHESTRATOR_CHANNEL_CONFIG: channelConfig });
}

function chaincodeOf(seed: number): string {
  return `history${seed}`;
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
