import { Metadata, status } from '@grpc/grpc-js';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { create, createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { descriptorSetBase64 } from '@orchestrator/lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ServerReflectionRequest, ServerReflectionResponse } from './gen/grpc/reflection/v1/reflection.ts';
import { identity } from './raw-bytes.ts';
import { startTestServer } from './spec-support.ts';
import type { TestServer } from './spec-support.ts';

type Question = NonNullable<ServerReflectionRequest['messageRequest']>;
type Answer = ServerReflectionResponse['messageResponse'];
type Call = ClientDuplexStream<Buffer, Buffer>;

let running: TestServer;

beforeAll(async () => {
  running = await startTestServer();
});

afterAll(async () => {
  await running[Symbol.asyncDispose]();
});

function open(version = 'v1'): Call {
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
  const deadline = Date.now() + 5000;
  return running.client.makeBidiStreamRequest(path, identity, identity, new Metadata(), { deadline });
}

function exchange(call: Call, bytes: Uint8Array): Promise<ServerReflectionResponse> {
  return new Promise((resolve, reject) => {
    call.once('data', (answer: Buffer) => {
      resolve(ServerReflectionResponse.decode(answer));
    });
    call.once('error', reject);
    call.write(Buffer.from(bytes));
  });
}

/** Puts questions one after the other on one stream. */
async function ask(questions: readonly Question[], version?: string): Promise<readonly Answer[]> {
  const call = open(version);
  const answers: Answer[] = [];
  for (const messageRequest of questions) {
    const request = ServerReflectionRequest.encode({ host: 'h', messageRequest }).finish();
    const response = await exchange(call, request);
    expect(response.validHost).toBe('h');
    expect(response.originalRequest?.messageRequest).toEqual(messageRequest);
    answers.push(response.messageResponse);
  }
  const ended = new Promise((resolve) => call.once('status', resolve));
  call.end();
  expect(await ended).toMatchObject({ code: status.OK });
  return answers;
}

function filesOf(answer: Answer): readonly Uint8Array[] {
  if (answer?.$case !== 'fileDescriptorResponse') throw new Error(`no files but ${JSON.stringify(answer)}`);
  return answer.value.fileDescriptorProto;
}

function namesOf(answer: Answer): readonly string[] {
  return filesOf(answer).map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name);
}

describe('reflection', () => {
  it.each(['v1', 'v1alpha'])('lists the services under its name %s', async (version) => {
    const [answer] = await ask([{ $case: 'listServices', value: '' }], version);
    if (answer?.$case !== 'listServicesResponse') throw new Error('no list');
    const names = answer.value.service.map(({ name }) => name);
    expect(names).toContain('orchestrator.ComputeTaskService');
    expect(names.filter((name) => name.startsWith('orchestrator.'))).toHaveLength(13);
    expect(names.filter((name) => name.startsWith('grpc.'))).toEqual([
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
    ]);
  });

  it('hands out the descriptors as they were compiled, with all that they import', async () => {
    const originals = fromBinary(FileDescriptorSetSchema, Buffer.from(descriptorSetBase64, 'base64'));
    for (const { name } of originals.file) {
      const [answer] = await ask([{ $case: 'fileByFilename', value: name }]);
      const files = filesOf(answer).map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
      expect(files[0]?.name).toBe(name);
      for (const file of files) expect(file).toEqual(originals.file.find((original) => original.name === file.name));
      // Throws when an import is missing. A registry wants imports first, which is the compiler's order.
      const sorted = originals.file.filter((original) => files.some((each) => each.name === original.name));
      createFileRegistry(create(FileDescriptorSetSchema, { file: sorted }));
    }
  });

  it('finds the file of every kind of symbol', async () => {
    const symbols = [
      'orchestrator.ComputeTaskService',
      'orchestrator.ComputeTaskService.GetTask',
      'orchestrator.ComputeTask',
      'orchestrator.ComputeTask.key',
      'orchestrator.ComputeTaskInput.ref',
      'orchestrator.ComputeTask.MetadataEntry.value',
      'orchestrator.ComputeTaskStatus',
      'orchestrator.STATUS_DONE',
    ];
    for (const value of symbols) {
      const [answer] = await ask([{ $case: 'fileContainingSymbol', value }]);
      expect(namesOf(answer)[0], value).toBe('orchestrator/computetask.proto');
    }
    const [timestamp] = await ask([{ $case: 'fileContainingSymbol', value: 'google.protobuf.Timestamp' }]);
    expect(namesOf(timestamp)).toEqual(['google/protobuf/timestamp.proto']);
  });

  it('sends on one stream no import twice, but always the file that was asked for', async () => {
    const question: Question = { $case: 'fileContainingSymbol', value: 'orchestrator.ComputeTask' };
    const [first, second] = await ask([question, question]);
    expect(namesOf(first).length).toBeGreaterThan(1);
    expect(namesOf(second)).toEqual(['orchestrator/computetask.proto']);
  });

  it('has no extensions', async () => {
    const extension = { containingType: 'orchestrator.ComputeTask', extensionNumber: 100 };
    const answers = await ask([
      { $case: 'fileContainingExtension', value: extension },
      { $case: 'allExtensionNumbersOfType', value: 'orchestrator.ComputeTask' },
      { $case: 'allExtensionNumbersOfType', value: 'orchestrator.Nothing' },
    ]);
    expect(answers[0]).toMatchObject({ $case: 'errorResponse', value: { errorCode: status.NOT_FOUND } });
    expect(answers[1]).toEqual({
      $case: 'allExtensionNumbersResponse',
      value: { baseTypeName: 'orchestrator.ComputeTask', extensionNumber: [] },
    });
    expect(answers[2]).toMatchObject({ $case: 'errorResponse', value: { errorCode: status.NOT_FOUND } });
  });

  it('says what it does not find', async () => {
    const answers = await ask([
      { $case: 'fileContainingSymbol', value: 'orchestrator.Nothing' },
      { $case: 'fileByFilename', value: 'nothing.proto' },
    ]);
    expect(answers).toEqual([
      { $case: 'errorResponse', value: { errorCode: status.NOT_FOUND, errorMessage: 'orchestrator.Nothing not found' } },
      { $case: 'errorResponse', value: { errorCode: status.NOT_FOUND, errorMessage: 'nothing.proto not found' } },
    ]);
  });

  it('refuses what is no request', async () => {
    await expect(exchange(open(), Buffer.from([255]))).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    await expect(exchange(open(), Buffer.alloc(0))).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  it('does not hold the end of the server up', async () => {
    await using other = await startTestServer();
    const call = other.client.makeBidiStreamRequest(
      '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
      identity,
      identity,
      new Metadata(),
      { deadline: Date.now() + 10_000 },
    );
    await exchange(call, ServerReflectionRequest.encode({ host: '', messageRequest: { $case: 'listServices', value: '' } }).finish());
    const ended = new Promise((resolve) => call.once('error', resolve));
    await other.server.drain(20_000);
    expect(await ended).toMatchObject({ code: status.UNAVAILABLE });
  });
});
