import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DescFile } from '@bufbuild/protobuf';
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

/** The proto files of the contract, by name, with their comments. @throws when protoc refuses one of them. */
export function readContract(root: string): DescFile[] {
  const protoRoot = join(root, 'proto');
  const names = readdirSync(join(protoRoot, 'orchestrator'))
    .filter((name) => name.endsWith('.proto'))
    .toSorted()
    .map((name) => `orchestrator/${name}`);
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, compile(root, protoRoot, names)));
  return names.map((name) => {
    const file = registry.getFile(name);
    if (file === undefined) throw new Error(`protoc left ${name} out`);
    return file;
  });
}

function compile(root: string, protoRoot: string, names: readonly string[]): Uint8Array {
  const directory = mkdtempSync(join(tmpdir(), 'orchestrator-docs-'));
  try {
    const output = join(directory, 'contract.binpb');
    execFileSync(
      join(root, 'node_modules/.bin/protoc'),
      [`--descriptor_set_out=${output}`, '--include_imports', '--include_source_info', '-I', protoRoot, ...names],
      { stdio: 'inherit' },
    );
    return readFileSync(output);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Where each kind of declaration stands in a descriptor: the numbers of descriptor.proto's own fields. */
const step = {
  syntax: 12,
  message: 4,
  field: 2,
  oneof: 8,
  enum: 5,
  value: 2,
  service: 6,
  method: 2,
} as const;

/** The comments of one proto file: those above a declaration, or behind it on its line. */
export class Comments {
  readonly #byPath: ReadonlyMap<string, string>;

  constructor(file: DescFile) {
    this.#byPath = new Map(
      (file.proto.sourceCodeInfo?.location ?? []).map((location) => [
        location.path.join('.'),
        dedent([...location.leadingDetachedComments, location.leadingComments, location.trailingComments].join('\n')),
      ]),
    );
  }

  ofFile(): string {
    return this.#at(step.syntax);
  }

  ofMessage(message: number): string {
    return this.#at(step.message, message);
  }

  ofField(message: number, field: number): string {
    return this.#at(step.message, message, step.field, field);
  }

  ofOneof(message: number, oneof: number): string {
    return this.#at(step.message, message, step.oneof, oneof);
  }

  ofEnum(index: number): string {
    return this.#at(step.enum, index);
  }

  ofValue(index: number, value: number): string {
    return this.#at(step.enum, index, step.value, value);
  }

  ofService(service: number): string {
    return this.#at(step.service, service);
  }

  ofMethod(service: number, method: number): string {
    return this.#at(step.service, service, step.method, method);
  }

  #at(...path: readonly number[]): string {
    return this.#byPath.get(path.join('.')) ?? '';
  }
}

/** protoc keeps the blank between `//` and the text. */
function dedent(comment: string): string {
  return comment.replaceAll(/^ /gm, '').trim();
}
