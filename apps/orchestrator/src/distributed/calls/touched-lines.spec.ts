import { type Procedure, procedures } from '@orchestrator/lib';
import { expect, test } from 'vitest';
import { learnFrom, linesOf, TaskPlans } from './touched-lines.ts';

function procedure(name: string): Procedure {
  const found = procedures.find(({ method }) => method === name);
  if (found === undefined) throw new Error(`no procedure ${name}`);
  return found;
}

function lines(name: string, request: object, plans = new TaskPlans()): readonly string[] {
  const row = procedure(name);
  return linesOf(row, row.request.fromPartial(request), plans);
}

test('tasks stand in the line of their plan, where it is known', () => {
  const plans = new TaskPlans();
  const register = procedure('RegisterTasks');
  const request = register.request.fromPartial({ tasks: [{ key: 't1', computePlanKey: 'p1' }, { key: 't2', computePlanKey: 'p1' }] });
  expect(linesOf(register, request, plans)).toEqual(['plan:p1']);
  expect(lines('ApplyTaskAction', { computeTaskKey: 't1' }, plans)).toEqual(['task:t1']);
  learnFrom(register, request, plans);
  for (const name of ['ApplyTaskAction', 'DisableOutput', 'RegisterModel', 'RegisterPerformance']) {
    expect(lines(name, { computeTaskKey: 't1' }, plans)).toEqual(['plan:p1']);
  }
  expect(lines('RegisterModels', { models: [{ computeTaskKey: 't1' }, { computeTaskKey: 't9' }] }, plans)).toEqual(['plan:p1', 'task:t9']);
});

test('plans and other assets stand in their own, and what only creates stands in none', () => {
  expect(lines('ApplyPlanAction', { key: 'p1' })).toEqual(['plan:p1']);
  expect(lines('UpdatePlan', { key: 'p1' })).toEqual(['plan:p1']);
  expect(lines('ApplyFunctionAction', { functionKey: 'f1' })).toEqual(['asset:f1']);
  expect(lines('UpdateDataSamples', { keys: ['s1', 's2'] })).toEqual(['asset:s1', 'asset:s2']);
  expect(lines('RegisterPlan', { key: 'p1' })).toEqual([]);
});

test('every procedure that changes an asset says which', () => {
  const changing = procedures.filter(({ kind, method }) => kind === 'write' && /^(Update|Apply|Disable)/.test(method));
  for (const row of changing) {
    const request = row.request.fromPartial({ key: 'k', keys: ['k'], functionKey: 'k', computeTaskKey: 'k' });
    expect([row.method, row.touches(request).length]).toEqual([row.method, 1]);
  }
  expect(changing.length).toBeGreaterThan(6);
});

test('the oldest tasks are forgotten', () => {
  const plans = new TaskPlans(2);
  for (const task of ['t1', 't2', 't3']) plans.learn(task, 'p');
  expect(['t1', 't2', 't3'].map((task) => plans.planOf(task))).toEqual([undefined, 'p', 'p']);
});
