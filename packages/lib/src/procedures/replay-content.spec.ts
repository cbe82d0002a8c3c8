import { describe, expect, it } from 'vitest';
import { NewComputePlan } from '../gen/orchestrator/computeplan.ts';
import { RegisterTasksParam } from '../gen/orchestrator/computetask.ts';
import { replayContent } from './replay-content.ts';
import { procedures } from './table.ts';
import type { Procedure } from './procedure.ts';

function find(method: string): Procedure {
  const procedure = procedures.find((row) => row.method === method);
  if (procedure === undefined) throw new Error(`no procedure ${method}`);
  return procedure;
}

function planContent(entries: [string, string][]): string {
  const plan = NewComputePlan.fromPartial({ key: 'k', metadata: new Map(entries) });
  return new TextDecoder().decode(replayContent(find('RegisterPlan'), plan));
}

describe('the content of a request', () => {
  it('does not depend on the order of map entries', () => {
    expect(planContent([['a', '1'], ['b', '2']])).toBe(planContent([['b', '2'], ['a', '1']]));
  });

  it('tells other values apart', () => {
    expect(planContent([['a', '1']])).not.toBe(planContent([['a', '2']]));
  });

  it('tells procedures apart', () => {
    const empty = {};
    const contents = ['QueryVersion', 'GetAllOrganizations'].map((method) =>
      new TextDecoder().decode(replayContent(find(method), empty)),
    );
    expect(contents[0]).not.toBe(contents[1]);
  });

  it('keeps the order of lists, also of messages', () => {
    const content = (keys: string[]): string =>
      new TextDecoder().decode(
        replayContent(find('RegisterTasks'), RegisterTasksParam.fromPartial({ tasks: keys.map((key) => ({ key })) })),
      );
    expect(content(['a', 'b'])).not.toBe(content(['b', 'a']));
  });
});
