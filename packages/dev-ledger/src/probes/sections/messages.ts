import type { Contract } from '@hyperledger/fabric-gateway';
import type { ProbeKit } from '../kit.ts';
import { type Probe, probe } from '../probe.ts';

const SHOWN_CHARACTERS = 300;

const lengths = [1000, 3000, 5000, 7000, 9000, 15000, 20000, 60000, 200000];

const texts = [
  ['leadingSpace', ' x'],
  ['trailingSpace', 'x '],
  ['trailingNewline', 'x\n'],
  ['innerNewline', 'a\nb'],
  ['tab', 'a\tb'],
  ['percent', '100%41'],
  ['emoji', '\u{1F600}'],
  ['nul', 'a\u0000b'],
  ['quotes', '"\\'],
] as const;

/** On a connection of its own: a message that is too long blocks the one that it comes over. */
async function alone<T>(kit: ProbeKit, run: (contract: Contract) => Promise<T>): Promise<T> {
  const client = kit.connections.newClient(1);
  try {
    return await run(kit.connections.connect(1, kit.user, client).contract);
  } finally {
    client.close();
  }
}

async function ofLength(kit: ProbeKit, length: number): Promise<unknown> {
  const args = [String(length)];
  const evaluate = (contract: Contract, timeoutMs: number) =>
    kit.out(contract.newProposal('throwLong', { arguments: args }).evaluate({ deadline: Date.now() + timeoutMs }));
  return shortened({
    evaluate: await alone(kit, (contract) => evaluate(contract, 2500)),
    submit: await alone(kit, (contract) => kit.stages(contract, 'throwLong', args, { retries: 0, timeoutMs: 2500 })),
    nextCallOnTheSameConnection: await alone(kit, async (contract) => {
      await evaluate(contract, 500);
      const next = contract.newProposal('retString', { arguments: ['next'] });
      return kit.out(next.evaluate({ deadline: Date.now() + 1500 }));
    }),
  });
}

function shortened(outcome: unknown): unknown {
  const shorten = (_key: string, value: unknown): unknown =>
    typeof value === 'string' && value.length > SHOWN_CHARACTERS ? `${value.slice(0, 90)}… (${value.length} characters)` : value;
  return JSON.parse(JSON.stringify(outcome, shorten));
}

/** Error messages of every length and with every kind of character. */
export const messages: readonly Probe[] = [
  ...lengths.map((length) =>
    probe(
      `msg.length.${length}`,
      `error message of ${length} characters, evaluate and submit, deadline 2.5 s (gRPC trailers carry it; without a deadline the Node client hangs)`,
      (kit) => ofLength(kit, length),
    ),
  ),
  ...texts.map(([name, text]) =>
    probe(`msg.${name}`, `error message ${JSON.stringify(text)}`, (kit) => kit.both(kit.contract, 'throwError', [text])),
  ),
];
