import type { ActualBinding } from './actual-topology.ts';
import { apiPath } from './management-api.ts';
import { isMarked } from './plan-part.ts';
import type { PlanOptions, PlanPart, Step } from './plan-part.ts';
import { MARK } from './topology.ts';
import type { DesiredTopology } from './topology.ts';

type Binding = Pick<ActualBinding, 'source' | 'destination' | 'destination_type' | 'routing_key'>;

/** From each channel's exchange to the queues of its organizations, and from the entry exchange to the channel's. */
export function planBindings({ desired, actual }: PlanOptions): PlanPart {
  const wanted = new Map(wantedBindings(desired).map((binding) => [keyOf(binding), binding]));
  const marked = actual.bindings.filter((binding) => isMarked(binding, desired.entryExchange));
  const existing = new Set(marked.map(keyOf));
  return {
    make: [...wanted].filter(([key]) => !existing.has(key)).map(([, binding]) => makeBinding(binding, desired)),
    remove: marked.filter((binding) => !wanted.has(keyOf(binding))).map((binding) => removeBinding(binding, desired)),
    problems: [],
    notes: foreignNotes({ desired, actual, wanted }),
  };
}

/** A channel comes last to the entry exchange: no event of it reaches some organizations and not the others. */
function wantedBindings({ channels, entryExchange }: DesiredTopology): readonly Binding[] {
  const toQueues = [...channels].flatMap(([source, organizations]) =>
    organizations.map((destination) => ({ source, destination, destination_type: 'queue' as const, routing_key: '' })),
  );
  const toChannels = [...channels.keys()].map((channel) => ({
    source: entryExchange,
    destination: channel,
    destination_type: 'exchange' as const,
    routing_key: channel,
  }));
  return [...toQueues, ...toChannels];
}

function keyOf({ source, destination, destination_type, routing_key }: Binding): string {
  return JSON.stringify([source, destination_type, destination, routing_key]);
}

function pathOf({ source, destination, destination_type }: Binding, virtualHost: string): string {
  return apiPath('bindings', virtualHost, 'e', source, destination_type === 'queue' ? 'q' : 'e', destination);
}

function makeBinding(binding: Binding, { virtualHost, entryExchange }: DesiredTopology): Step {
  return {
    text: `bind ${describe(binding, 'to')}`,
    request: {
      method: 'POST',
      path: pathOf(binding, virtualHost),
      body: { routing_key: binding.routing_key, arguments: { [MARK]: entryExchange } },
    },
  };
}

function removeBinding(binding: ActualBinding, { virtualHost }: DesiredTopology): Step {
  return {
    text: `unbind ${describe(binding, 'from')}`,
    request: { method: 'DELETE', path: `${pathOf(binding, virtualHost)}/${encodeURIComponent(binding.properties_key)}` },
  };
}

/** Bindings of others through which events go where the configuration does not send them. */
function foreignNotes({
  desired,
  actual,
  wanted,
}: Pick<PlanOptions, 'desired' | 'actual'> & { readonly wanted: ReadonlyMap<string, Binding> }): readonly string[] {
  const sources = new Set([desired.entryExchange, ...desired.channels.keys()]);
  const foreign = actual.bindings.filter(
    (binding) => sources.has(binding.source) && !isMarked(binding, desired.entryExchange) && !wanted.has(keyOf(binding)),
  );
  return foreign.map((binding) => `somebody else bound ${describe(binding, 'to')}, and it stays: events go there, too`);
}

function describe({ source, destination, destination_type, routing_key }: Binding, preposition: 'to' | 'from'): string {
  const key = routing_key === '' ? '' : ` with ${JSON.stringify(routing_key)}`;
  return `the ${destination_type} ${JSON.stringify(destination)} ${preposition} the exchange ${JSON.stringify(source)}${key}`;
}
