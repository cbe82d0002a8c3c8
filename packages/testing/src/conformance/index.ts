import { afterAll, beforeAll, describe } from 'vitest';
import { computePlanConformance } from './compute-plan.ts';
import { computeTaskConformance } from './compute-task.ts';
import { dataManagerConformance } from './data-manager.ts';
import { dataSampleConformance } from './data-sample.ts';
import { eventConformance } from './event.ts';
import { failureReportConformance } from './failure-report.ts';
import { functionConformance } from './function.ts';
import { modelConformance } from './model.ts';
import { organizationConformance } from './organization.ts';
import { performanceConformance } from './performance.ts';
import { replayConformance } from './replay.ts';
import type { ConformanceStore } from './store.ts';
import { Suite } from './suite.ts';
import { taskReferenceConformance } from './task-references.ts';
import { taskRelationConformance } from './task-relations.ts';
import { transactionConformance } from './transaction.ts';

export type { ConformanceStore, ConformanceWork } from './store.ts';

/**
 * Registers the tests that every adapter of the DBAL port has to pass, with vitest. The store is opened once and
 * closed after the last test.
 *
 * @param name of the adapter, for the report.
 */
export function dbalConformance(name: string, openStore: () => Promise<ConformanceStore>): void {
  describe(`DBAL conformance of ${name}`, () => {
    const suite = new Suite(openStore);
    beforeAll(() => suite.open());
    afterAll(() => suite.close());
    transactionConformance(suite);
    organizationConformance(suite);
    functionConformance(suite);
    dataManagerConformance(suite);
    dataSampleConformance(suite);
    computePlanConformance(suite);
    computeTaskConformance(suite);
    taskRelationConformance(suite);
    taskReferenceConformance(suite);
    modelConformance(suite);
    performanceConformance(suite);
    failureReportConformance(suite);
    eventConformance(suite);
    replayConformance(suite);
  });
}
