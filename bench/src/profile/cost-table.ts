import { type Cost, sumFunctions, sumGroups } from './costs.ts';
import { Group } from './groups.ts';

const FUNCTIONS = 15;

/** Where the time goes, as a table for documentation: groups first, then the most expensive functions. */
export function toTable(costs: Cost): string {
  const groups = sumGroups(costs);
  const idleMs = groups.get(Group.Idle) ?? 0;
  const busyMs = costs.totalMs - idleMs;
  const share = (ms: number): string => `${((100 * ms) / (busyMs || 1)).toFixed(1)} %`;
  const busy = [...groups].filter(([group, ms]) => group !== Group.Idle && ms > 0);
  const lines = [
    `The server was busy for ${(busyMs / 1000).toFixed(1)} s and idle for ${(idleMs / 1000).toFixed(1)} s.`,
    '',
    '| part | of the busy time |',
    '| --- | --- |',
    ...busy.toSorted(([, one], [, other]) => other - one).map(([group, ms]) => `| ${group} | ${share(ms)} |`),
    '',
    '| function, by itself | of the busy time |',
    '| --- | --- |',
    ...sumFunctions(costs)
      .slice(0, FUNCTIONS)
      .map(([name, ms]) => `| \`${name}\` | ${share(ms)} |`),
  ];
  return `${lines.join('\n')}\n`;
}
