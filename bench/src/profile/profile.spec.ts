import type { Profiler } from 'node:inspector';
import { describe, expect, it } from 'vitest';
import { toTable } from './cost-table.ts';
import { sumFunctions, sumGroups, toCosts } from './costs.ts';
import { toFlameGraph } from './flame-graph.ts';
import { Group } from './groups.ts';

const LIB = 'file:///project/packages/lib/src';

function node(id: number, [functionName, url]: readonly [string, string], children: readonly number[] = []): Profiler.ProfileNode {
  return { id, callFrame: { functionName, url, scriptId: '1', lineNumber: 6, columnNumber: 0 }, children: [...children] };
}

/** 100 ms, of which 20 idle: a decoder with a native function in two places, a rule, a collection. */
const profile: Profiler.Profile = {
  startTime: 0,
  endTime: 100_000,
  nodes: [
    node(1, ['(root)', ''], [2, 3, 4, 8]),
    node(2, ['(idle)', ''], []),
    node(3, ['(garbage collector)', ''], []),
    node(4, ['<check>', `${LIB}/assets/checks.ts`], [5, 6]),
    node(5, ['decode', `${LIB}/gen/orchestrator/task.ts`], [7]),
    node(6, ['decode', `${LIB}/gen/orchestrator/task.ts`], [9]),
    node(7, ['utf8Slice', ''], []),
    node(8, ['writev', 'node:internal/stream_base_commons'], []),
    node(9, ['utf8Slice', ''], []),
  ],
  samples: [2, 3, 4, 5, 6, 7, 8, 9],
  timeDeltas: [20_000, 10_000, 20_000, 5000, 10_000, 10_000, 10_000, 15_000],
};

describe('a profile of the server', () => {
  const costs = toCosts(profile);

  it('gives each function what it and all below it took, whatever nodes it has', () => {
    const check = costs.callees.find(({ name }) => name.startsWith('<check>'));
    expect(costs.totalMs).toBe(100);
    expect(check).toMatchObject({ name: '<check> packages/lib/src/assets/checks.ts:7', selfMs: 20, totalMs: 60 });
    expect(check?.callees).toHaveLength(1);
    expect(check?.callees[0]).toMatchObject({ selfMs: 15, totalMs: 40 });
  });

  it('counts a native function to who called it', () => {
    const sums = Object.fromEntries([...sumGroups(costs)].filter(([, ms]) => ms > 0));
    expect(sums).toEqual({
      [Group.Idle]: 20,
      [Group.Garbage]: 10,
      [Group.Logic]: 20,
      [Group.Decoding]: 40,
      [Group.Node]: 10,
    });
    expect(sumFunctions(costs)[0]).toEqual(['utf8Slice', 25]);
  });

  it('is a table, in parts of the busy time', () => {
    const lines = toTable(costs).split('\n');
    expect(lines[0]).toBe('The server was busy for 0.1 s and idle for 0.0 s.');
    expect(lines).toContain(`| ${Group.Decoding} | 50.0 % |`);
    expect(lines).toContain('| `utf8Slice` | 31.3 % |');
  });

  it('is a picture: every box inside of its caller, none for what is idle, names escaped', () => {
    const svg = toFlameGraph('A & B', costs);
    const boxes = [...svg.matchAll(/<g><title>(.*?): ([\d.]+) %<\/title><rect x="([\d.]+)" y="(\d+)" width="([\d.]+)"/g)];
    const [check, decode] = ['&lt;check&gt;', 'decode'].map((name) => boxes.find(([, title = '']) => title.startsWith(name)));
    expect(svg).toContain('A &amp; B');
    expect(boxes.map(([, title]) => title)).not.toContain('(idle)');
    expect(boxes).toHaveLength(5);
    expect([check?.[2], decode?.[2]]).toEqual(['75.0', '50.0']);
    // Half a unit apart from the next one.
    expect(check?.[5]).toBe('899.5');
    expect(Number(decode?.[3])).toBe(Number(check?.[3]));
    expect(Number(decode?.[4])).toBeGreaterThan(Number(check?.[4]));
  });
});
