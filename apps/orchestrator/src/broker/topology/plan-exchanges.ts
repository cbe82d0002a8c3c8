import type { ActualExchange } from './actual-topology.ts';
import { apiPath } from './management-api.ts';
import { isMarked } from './plan-part.ts';
import type { PlanOptions, PlanPart, Step } from './plan-part.ts';
import { MARK } from './topology.ts';

/** The entry exchange, and one exchange for each channel. */
export function planExchanges({ desired, actual }: PlanOptions): PlanPart {
  const { virtualHost, entryExchange } = desired;
  const wanted = new Map([[entryExchange, 'topic'], ...[...desired.channels.keys()].map((name) => [name, 'fanout'] as const)]);
  const existing = new Map(actual.exchanges.map((exchange) => [exchange.name, exchange]));
  const make: Step[] = [];
  const problems: string[] = [];
  for (const [name, type] of wanted) {
    const exchange = existing.get(name);
    if (exchange === undefined) make.push(makeExchange({ virtualHost, name, type, entryExchange }));
    else problems.push(...faultsOf(exchange, type));
  }
  const unwanted = actual.exchanges.filter((exchange) => isMarked(exchange, entryExchange) && !wanted.has(exchange.name));
  const foreign = new Set(actual.bindings.filter((binding) => !isMarked(binding, entryExchange)).map(({ source }) => source));
  return {
    make,
    remove: unwanted.filter(({ name }) => !foreign.has(name)).map(({ name }) => removeExchange(virtualHost, name)),
    problems,
    notes: unwanted
      .filter(({ name }) => foreign.has(name))
      .map(({ name }) => `the exchange ${JSON.stringify(name)} is no longer wanted, and stays for what somebody else bound to it`),
  };
}

function makeExchange({
  virtualHost,
  name,
  type,
  entryExchange,
}: {
  readonly virtualHost: string;
  readonly name: string;
  readonly type: string;
  readonly entryExchange: string;
}): Step {
  return {
    text: `make the ${type} exchange ${JSON.stringify(name)}`,
    request: {
      method: 'PUT',
      path: apiPath('exchanges', virtualHost, name),
      body: { type, durable: true, auto_delete: false, internal: false, arguments: { [MARK]: entryExchange } },
    },
  };
}

function removeExchange(virtualHost: string, name: string): Step {
  return {
    text: `remove the exchange ${JSON.stringify(name)}`,
    // Somebody else may bind a queue to it meanwhile.
    request: { method: 'DELETE', path: `${apiPath('exchanges', virtualHost, name)}?if-unused=true` },
  };
}

function faultsOf({ name, type, durable, auto_delete, internal }: ActualExchange, expected: string): readonly string[] {
  if (type === expected && durable && !auto_delete && !internal) return [];
  const found = [durable ? '' : 'not durable', auto_delete ? 'deleted automatically' : '', internal ? 'internal' : ''];
  const kind = [`of type ${type}`, ...found.filter((text) => text !== '')].join(', ');
  return [
    `the exchange ${JSON.stringify(name)} is ${kind}, and should be a durable exchange of type ${expected}: ` +
      'it is left as it is; delete it, and it is made anew',
  ];
}
