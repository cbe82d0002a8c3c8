import { expect, test } from 'vitest';
import { LOG_LEVELS, createLog } from './log.ts';
import type { Log, LogSettings } from './log.ts';

function capture(settings: Partial<LogSettings>): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const log = createLog(
    { level: 'info', pretty: false, color: false, ...settings },
    { write: (line: string) => void lines.push(line) },
  );
  return { log, lines };
}

function writeAll(log: Log): void {
  log.debug({}, 'one');
  log.info({}, 'two');
  log.warn({}, 'three');
  log.error({}, 'four');
}

test('an entry is one line of JSON with time, level, fields and message', () => {
  const { log, lines } = capture({});
  log.child({ channel: 'mychannel' }).info({ requestId: 'abc', durationMs: 1.5 }, 'call');
  expect(lines).toHaveLength(1);
  const line = lines[0] ?? '';
  expect(line.endsWith('\n')).toBe(true);
  const entry = JSON.parse(line) as Record<string, unknown>;
  expect(entry).toEqual({
    level: 'INFO',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as unknown,
    channel: 'mychannel',
    requestId: 'abc',
    durationMs: 1.5,
    msg: 'call',
  });
});

test.each([
  ['debug', 4],
  ['info', 3],
  ['warn', 2],
  ['error', 1],
  ['fatal', 0],
] as const)('at level %s, %i of four entries are written', (level, count) => {
  const { log, lines } = capture({ level });
  writeAll(log);
  expect(lines).toHaveLength(count);
});

test('every level of LOG_LEVEL opens a log', () => {
  for (const level of LOG_LEVELS) expect(() => capture({ level })).not.toThrow();
});

test('an error is told with its stack and its cause', () => {
  const { log, lines } = capture({});
  log.error({ error: new Error('outer', { cause: new Error('inner') }) }, 'failed');
  const entry = JSON.parse(lines[0] ?? '') as { readonly error: { readonly message: string; readonly stack: string } };
  expect(entry.error.message).toContain('outer');
  expect(entry.error.stack).toContain('inner');
});

test('for people an entry is text, with colours only when wanted', () => {
  const escape = '\u001b[';
  const plain = capture({ pretty: true });
  plain.log.warn({ channel: 'mychannel' }, 'look here');
  expect(plain.lines).toEqual([expect.stringMatching(/^\[.*\] WARN.*look here.*mychannel.*\n$/)]);
  expect(plain.lines.join('')).not.toContain(escape);
  const coloured = capture({ pretty: true, color: true });
  coloured.log.warn({}, 'look here');
  expect(coloured.lines.join('')).toContain(escape);
});
