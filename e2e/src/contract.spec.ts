import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import * as lib from '@orchestrator/lib';
import { describe, expect, it } from 'vitest';
import type { Contract } from './contract/contract.ts';
import { describeContract, normalise } from './contract/describe.ts';

const { descriptorSetBase64, procedures } = lib;
const root = join(import.meta.dirname, '../..');
const frozen = normalise(JSON.parse(readFileSync(join(root, 'proto/contract/wire.json'), 'utf8')) as Contract);

function compile(): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'orchestrator-contract-'));
  try {
    const output = join(directory, 'set.binpb');
    const files = readdirSync(join(root, 'proto/orchestrator'))
      .filter((name) => name.endsWith('.proto'))
      .toSorted()
      .map((name) => `orchestrator/${name}`);
    const protoc = join(root, 'node_modules/.bin/protoc');
    execFileSync(protoc, [`--descriptor_set_out=${output}`, '--include_imports', '-I', join(root, 'proto'), ...files]);
    return readFileSync(output);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const compiledBytes = compile();
const compiled = describeContract(fromBinary(FileDescriptorSetSchema, compiledBytes));

describe('the proto files', () => {
  it('hold exactly the messages, fields and reservations of the frozen contract', () => {
    expect(compiled.messages).toEqual(frozen.messages);
  });

  it('hold exactly its enums and values', () => {
    expect(compiled.enums).toEqual(frozen.enums);
  });

  it('hold exactly its services and methods', () => {
    expect(compiled.services).toEqual(frozen.services);
  });

  it('keep each symbol in its file, package and syntax', () => {
    const files = normalise(compiled).files;
    expect({ files, package: compiled.package, syntax: compiled.syntax }).toEqual({
      files: frozen.files,
      package: frozen.package,
      syntax: frozen.syntax,
    });
  });
});

describe('the procedure table', () => {
  it('has exactly the procedures of the frozen contract', () => {
    const expected = Object.entries(frozen.services).flatMap(([service, methods]) =>
      Object.entries(methods).map(
        ([method, { server_streaming }]) => `${service}/${method} ${server_streaming === true}`,
      ),
    );
    const present = procedures.map(({ service, method, kind }) => `${service}/${method} ${kind === 'stream'}`);
    expect(present.toSorted()).toEqual(expected.toSorted());
  });

  it('pairs each procedure with its own messages', () => {
    const wrong = procedures.filter(({ service, method, request, response }) => {
      const expected = frozen.services[service]?.[method];
      return messageName(request) !== expected?.request || messageName(response) !== expected?.response;
    });
    expect(wrong.map(({ method }) => method)).toEqual([]);
  });

  it('has paged answers with their items in field 1 and the token in field 2', () => {
    const answers = procedures
      .filter(({ method }) => method.startsWith('Query') && method !== 'QueryVersion')
      .map(({ service, method }) => frozen.services[service]?.[method]?.response ?? '');
    expect(answers).toHaveLength(7);
    for (const answer of answers) {
      const fields = Object.entries(compiled.messages[answer]?.fields ?? {});
      const items = fields.find(([, field]) => field.number === 1);
      expect(items?.[1].type, answer).toMatch(/^repeated orchestrator\./);
      expect(
        fields.filter(([, field]) => field.number !== 1),
        answer,
      ).toEqual([['next_page_token', { number: 2, type: 'string' }]]);
    }
  });
});

describe('the descriptors that reflection serves', () => {
  it('are those of the proto files', () => {
    expect(Buffer.from(descriptorSetBase64, 'base64').equals(compiledBytes)).toBe(true);
  });
});

/** The contract's name of a generated message: that of its export, since the generated code carries no type names. */
function messageName(codec: unknown): string | undefined {
  const name = Object.entries(lib).find(([, exported]) => exported === codec)?.[0];
  if (name === 'Empty') return 'google.protobuf.Empty';
  return name === 'OrchestratorFunction' ? 'Function' : name;
}
