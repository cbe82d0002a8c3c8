import { expect, it } from 'vitest';
import { rabbitMqPlaces, rabbitMqSource } from './rabbitmq-install.ts';

function machine(files: readonly string[], isRoot: boolean) {
  return { places: ['/lib/rabbitmq', '/bin'], exists: (path: string) => files.includes(path), isRoot };
}

it('looks where Debian has the programs, then in the PATH', () => {
  expect(rabbitMqPlaces('/a:/b')).toEqual(['/usr/lib/rabbitmq/bin', '/a', '/b']);
  expect(rabbitMqPlaces(undefined)).toEqual(['/usr/lib/rabbitmq/bin']);
});

it.each([
  { files: ['/bin/rabbitmq-server', '/bin/rabbitmqctl', '/bin/apt-get'], isRoot: true, kind: 'installed' },
  { files: ['/bin/rabbitmq-server', '/bin/rabbitmqctl'], isRoot: false, kind: 'installed' },
  { files: ['/bin/rabbitmq-server', '/bin/apt-get'], isRoot: true, kind: 'debian' },
  { files: ['/bin/apt-get'], isRoot: true, kind: 'debian' },
  { files: ['/bin/apt-get'], isRoot: false, kind: 'none' },
  { files: [], isRoot: true, kind: 'none' },
])('with $files and root $isRoot: $kind', ({ files, isRoot, kind }) => {
  expect(rabbitMqSource(machine(files, isRoot)).kind).toBe(kind);
});

it('says what to do when there is none', () => {
  const source = rabbitMqSource(machine(['/bin/apt-get'], false));
  expect(source).toHaveProperty('reason', expect.stringContaining('ORCHESTRATOR_TEST_AMQP_URL'));
  expect(source).toHaveProperty('reason', expect.stringContaining('Install rabbitmq-server'));
});
