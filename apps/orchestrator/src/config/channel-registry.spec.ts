import { mkdtempSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RecordingLog } from '../log/spec-support.ts';
import { ConfiguredChannels } from './channel-registry.ts';
import { developmentChannels, parseChannels } from './channels.ts';

const ONE = 'channels: {c1: [O2, O1]}';
const TWO = 'channels: {c1: [O1], a2: {organizations: [O2], chaincode: cc}}';
const WAIT = { timeout: 5000, interval: 20 };

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orchestrator-channels-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function open(path: string, intervalMs: number): { readonly registry: ConfiguredChannels; readonly log: RecordingLog } {
  const log = new RecordingLog();
  const registry = new ConfiguredChannels({
    channels: { path, initial: parseChannels(ONE).channels },
    log,
    intervalMs,
  });
  return { registry, log };
}

/** Looks at intervals find everything; with a long one only what the folder tells counts. */
const SHORT_MS = 20;
const NEVER_MS = 1_000_000;

test('members are told from others, and unknown channels look the same', async () => {
  await using registry = new ConfiguredChannels({
    channels: { initial: developmentChannels },
    log: new RecordingLog(),
  });
  expect(registry.isMember('mychannel', 'MyOrg1MSP')).toBe('ok');
  expect(registry.isMember('mychannel', 'MyOrg3MSP')).toBe('unknown');
  expect(registry.isMember('nochannel', 'MyOrg1MSP')).toBe('unknown');
  expect(registry.isMember('constructor', 'MyOrg1MSP')).toBe('unknown');
  expect(registry.channels()).toEqual(['mychannel', 'yourchannel']);
});

test('channels and organizations are sorted, chaincodes known where configured', async () => {
  await using registry = new ConfiguredChannels({
    channels: { initial: parseChannels(TWO).channels },
    log: new RecordingLog(),
  });
  expect(registry.channels()).toEqual(['a2', 'c1']);
  expect(registry.organizationsOf('c1')).toEqual(['O1']);
  expect(registry.organizationsOf('none')).toEqual([]);
  expect(registry.chaincodeOf('a2')).toBe('cc');
  expect(registry.chaincodeOf('c1')).toBeUndefined();
});

test.each([
  ['the folder tells', NEVER_MS],
  ['looking again finds it', SHORT_MS],
])('a file that is written anew is in force: %s', async (_how, intervalMs) => {
  const path = join(folder, 'channels.yaml');
  writeFileSync(path, ONE);
  const { registry, log } = open(path, intervalMs);
  await using _ = registry;
  writeFileSync(path, TWO);
  await vi.waitFor(() => expect(registry.channels()).toEqual(['a2', 'c1']), WAIT);
  expect(registry.isMember('c1', 'O2')).toBe('unknown');
  expect(log.messages('info')).toHaveLength(1);
});

test('a mounted ConfigMap is replaced by turning a link', async () => {
  for (const [version, content] of [
    ['..v1', ONE],
    ['..v2', TWO],
  ] as const) {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, 'channels.yaml'), content);
  }
  symlinkSync('..v1', join(folder, '..data'));
  symlinkSync(join('..data', 'channels.yaml'), join(folder, 'channels.yaml'));
  const { registry } = open(join(folder, 'channels.yaml'), NEVER_MS);
  await using _ = registry;
  expect(registry.channels()).toEqual(['c1']);
  symlinkSync('..v2', join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  await vi.waitFor(() => expect(registry.channels()).toEqual(['a2', 'c1']), WAIT);
});

test('a broken change is refused and told once, a file that comes back is taken', async () => {
  const path = join(folder, 'channels.yaml');
  writeFileSync(path, 'channels: {c1: [O1, O1]}');
  const { registry, log } = open(path, SHORT_MS);
  await using _ = registry;
  await vi.waitFor(
    () => expect(log.messages('warn')).toEqual([expect.stringContaining('the organization "O1" is listed twice')]),
    WAIT,
  );
  rmSync(path);
  await vi.waitFor(
    () => expect(log.messages('warn')).toEqual([expect.anything(), expect.stringContaining('ENOENT')]),
    WAIT,
  );
  expect(registry.organizationsOf('c1')).toEqual(['O1', 'O2']);
  writeFileSync(path, TWO);
  await vi.waitFor(() => expect(registry.channels()).toEqual(['a2', 'c1']), WAIT);
  expect(log.messages('warn')).toHaveLength(2);
});

test('a missing folder is no reason to fail', async () => {
  const path = join(folder, 'later', 'channels.yaml');
  const { registry } = open(path, SHORT_MS);
  await using _ = registry;
  mkdirSync(join(folder, 'later'));
  writeFileSync(path, TWO);
  await vi.waitFor(() => expect(registry.channels()).toEqual(['a2', 'c1']), WAIT);
});
