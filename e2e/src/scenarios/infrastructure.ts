import { status } from '@grpc/grpc-js';
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { descriptorSetBase64, procedures } from '@orchestrator/lib';
import { assert, errorOf } from '../assert.ts';
import type { Connection } from '../client.ts';
import { scenario } from '../scenario.ts';
import { askReflection, LIST_SERVICES, FILE_CONTAINING_SYMBOL } from './reflection.ts';

const SERVING = 1;
const services = [...new Set(procedures.map(({ service }) => `orchestrator.${service}`))];

async function health(connection: Connection, service: string): Promise<number> {
  const request = new BinaryWriter().tag(1, 2).string(service).finish();
  const reader = new BinaryReader(await connection.unary('/grpc.health.v1.Health/Check', request, {}));
  reader.tag();
  return reader.int32();
}

export const infrastructure = [
  scenario('health needs no header and knows every service', async ({ connection }) => {
    for (const service of ['', ...services]) assert.equal(await health(connection, service), SERVING, service);
  }),
  scenario('health of an unknown service is NOT_FOUND', async ({ connection }) => {
    const error = await errorOf(health(connection, 'orchestrator.NoService'));
    assert.equal(error.code, status.NOT_FOUND);
  }),
  ...(['v1', 'v1alpha'] as const).map((version) =>
    scenario(
      `reflection ${version} needs no header, lists the services and hands out the original descriptors`,
      async ({ connection }) => {
        const listed = (await askReflection(connection, version, LIST_SERVICES, '')).map((bytes) => firstString(bytes));
        for (const service of services) assert.ok(listed.includes(service), service);
        const originals = originalFiles();
        for (const symbol of [...services, 'orchestrator.ComputeTask', 'google.protobuf.Timestamp']) {
          const files = await askReflection(connection, version, FILE_CONTAINING_SYMBOL, symbol);
          assert.ok(files.length > 0, symbol);
          for (const file of files) assert.ok(originals.has(Buffer.from(file).toString('base64')), symbol);
        }
      },
    ),
  ),
  scenario('an unknown procedure is UNIMPLEMENTED', async ({ connection, options }) => {
    const headers = { mspid: options.mspid, channel: options.channel };
    for (const path of ['/orchestrator.InfoService/Nothing', '/orchestrator.NoService/Nothing']) {
      const error = await errorOf(connection.unary(path, new Uint8Array(), headers));
      assert.equal(error.code, status.UNIMPLEMENTED);
    }
  }),
];

/** The content of field 1 as text: the name of a listed service. */
function firstString(bytes: Uint8Array): string {
  const reader = new BinaryReader(bytes);
  reader.tag();
  return reader.string();
}

/** The bytes of each file in the descriptor set, whose only field is the list of files. */
function originalFiles(): Set<string> {
  const reader = new BinaryReader(Buffer.from(descriptorSetBase64, 'base64'));
  const files = new Set<string>();
  while (reader.pos < reader.len) {
    reader.tag();
    files.add(Buffer.from(reader.bytes()).toString('base64'));
  }
  return files;
}
