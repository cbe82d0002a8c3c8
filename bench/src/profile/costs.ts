import type { Profiler } from 'node:inspector';
import { Group, groupOf } from './groups.ts';

/** A function as called from one place, with what it called. */
export interface Cost {
  /** Function, file and line. */
  readonly name: string;
  readonly group: Group;
  /** By itself. */
  readonly selfMs: number;
  /** With all that it called. */
  readonly totalMs: number;
  /** The most expensive one first. */
  readonly callees: readonly Cost[];
}

const MICROS_PER_MILLI = 1000;
/** What is cut off a file's name: everything up to the packages, or the project. */
const PREFIX = /^.*\/(?=(node_modules|packages|apps|bench)\/)/;

/** A profile as a tree. Several nodes of one caller that stand for one function are one. */
export function toCosts({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Cost {
  const selfMs = new Map<number, number>();
  for (const [index, id] of samples.entries()) {
    selfMs.set(id, (selfMs.get(id) ?? 0) + (timeDeltas[index] ?? 0) / MICROS_PER_MILLI);
  }
  const byId = new Map(nodes.map((node) => [node.id, node]));
  function build(name: string, same: readonly Profiler.ProfileNode[], callersGroup: Group): Cost {
    const [first] = same;
    const group = first === undefined ? callersGroup : groupOf(first.callFrame, callersGroup);
    const children = same.flatMap((node) => node.children ?? []).flatMap((id) => byId.get(id) ?? []);
    const callees = [...Map.groupBy(children, nameOf)]
      .map(([calleesName, parts]) => build(calleesName, parts, group))
      .toSorted((one, other) => other.totalMs - one.totalMs);
    const own = same.reduce((sum, { id }) => sum + (selfMs.get(id) ?? 0), 0);
    return { name, group, selfMs: own, totalMs: callees.reduce((sum, { totalMs }) => sum + totalMs, own), callees };
  }
  return build('all', nodes.slice(0, 1), Group.Node);
}

function nameOf({ callFrame: { functionName, lineNumber, url } }: Profiler.ProfileNode): string {
  const called = functionName === '' ? '(anonymous)' : functionName;
  return url === '' ? called : `${called} ${url.replace(PREFIX, '')}:${lineNumber + 1}`;
}

/** Self times of the groups in milliseconds. */
export function sumGroups(costs: Cost): ReadonlyMap<Group, number> {
  const sums = new Map<Group, number>(Object.values(Group).map((group) => [group, 0]));
  const add = ({ group, selfMs, callees }: Cost): void => {
    sums.set(group, (sums.get(group) ?? 0) + selfMs);
    callees.forEach(add);
  };
  add(costs);
  return sums;
}

/** Self times of functions in milliseconds, wherever they were called from; the most expensive one first. */
export function sumFunctions(costs: Cost): readonly (readonly [name: string, selfMs: number])[] {
  const sums = new Map<string, number>();
  const add = ({ name, group, selfMs, callees }: Cost): void => {
    if (group !== Group.Idle) sums.set(name, (sums.get(name) ?? 0) + selfMs);
    callees.forEach(add);
  };
  add(costs);
  return [...sums].toSorted(([, one], [, other]) => other - one);
}
