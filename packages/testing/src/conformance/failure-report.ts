import { ErrorType, FailedAssetKind, type FailureReport } from '@orchestrator/lib';
import { describe, expect, it } from 'vitest';
import { buildFailureReport } from '../builders/assets.ts';
import type { Suite } from './suite.ts';
import { malformedKeys } from './texts.ts';

export function failureReportConformance(suite: Suite): void {
  describe('failure reports', () => {
    it('are found by the key of their asset, in their channel', () => findsByAsset(suite));
    it('give way to a later one of the same key', () => replaces(suite));
    it('leave nothing behind when the transaction fails', () => rollsBack(suite));
  });
}

async function findsByAsset(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const reports = await room.write(async (dbal, now) => {
    const execution = buildFailureReport(room.random, { creationDate: now });
    const internal = buildFailureReport(room.random, {
      errorType: ErrorType.ERROR_TYPE_INTERNAL,
      logsAddress: undefined,
      creationDate: now,
    });
    for (const report of [execution, internal]) dbal.failureReport.addFailureReport(report);
    expect((await dbal.failureReport.getFailureReport(internal.assetKey))?.value).toEqual(internal);
    return [execution, internal];
  });
  const neighbour = await suite.openRoom();
  for (const report of reports) {
    const found = await room.read((dbal) => dbal.failureReport.getFailureReport(report.assetKey));
    expect(found?.value).toEqual(report);
    expect(await neighbour.read((dbal) => dbal.failureReport.getFailureReport(report.assetKey))).toBeUndefined();
    for (const key of [room.random.key(), ...malformedKeys(report.assetKey)]) {
      expect(await room.read((dbal) => dbal.failureReport.getFailureReport(key))).toBeUndefined();
    }
  }
}

async function replaces(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const assetKey = room.random.key();
  const add = (assetType: FailedAssetKind): Promise<FailureReport> =>
    room.write(async (dbal, now) => {
      const report = buildFailureReport(room.random, { assetKey, assetType, creationDate: now });
      dbal.failureReport.addFailureReport(report);
      return report;
    });
  await add(FailedAssetKind.FAILED_ASSET_COMPUTE_TASK);
  const last = await add(FailedAssetKind.FAILED_ASSET_FUNCTION);
  expect((await room.read((dbal) => dbal.failureReport.getFailureReport(assetKey)))?.value).toEqual(last);
}

async function rollsBack(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const assetKey = room.random.key();
  const failing = room.write(async (dbal, now) => {
    dbal.failureReport.addFailureReport(buildFailureReport(room.random, { assetKey, creationDate: now }));
    throw new Error('changed my mind');
  });
  await expect(failing).rejects.toThrow('changed my mind');
  expect(await room.read((dbal) => dbal.failureReport.getFailureReport(assetKey))).toBeUndefined();
}
