import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  DescEnum,
  DescEnumValue,
  DescField,
  DescFile,
  DescMessage,
  DescMethod,
  DescOneof,
  DescService,
} from '@bufbuild/protobuf';
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

/** What a proto file declares, and itself. */
type Declaration = DescFile | DescMessage | DescField | DescOneof | DescEnum | DescEnumValue | DescService | DescMethod;

/** Finds the comment above a declaration, or behind it on its line; empty when it has none. */
export type CommentOf = (declaration: Declaration) => string;

/** The numbers of descriptor.proto's own fields, of which the paths to comments are made. */
const step = { message: 4, field: 2, oneof: 8, enum: 5, value: 2, service: 6, method: 2, syntax: 12 } as const;

/** The comments of one proto file. @throws for a type inside of a message: the contract has none. */
export function commentsOf(file: DescFile): CommentOf {
  const byPath = new Map((file.proto.sourceCodeInfo?.location ?? []).map((location) => [location.path.join('.'), location]));
  const paths = new Map<Declaration, readonly number[]>([[file, [step.syntax]]]);
  for (const [index, message] of file.messages.entries()) {
    if (message.nestedMessages.length + message.nestedEnums.length > 0) throw new Error(`${message.typeName} has types inside`);
    const path = [step.message, index];
    paths.set(message, path);
    for (const [at, field] of message.fields.entries()) paths.set(field, [...path, step.field, at]);
    for (const [at, oneof] of message.oneofs.entries()) paths.set(oneof, [...path, step.oneof, at]);
  }
  for (const [index, type] of file.enums.entries()) {
    paths.set(type, [step.enum, index]);
    for (const [at, value] of type.values.entries()) paths.set(value, [step.enum, index, step.value, at]);
  }
  for (const [index, service] of file.services.entries()) {
    paths.set(service, [step.service, index]);
    for (const [at, method] of service.methods.entries()) paths.set(method, [step.service, index, step.method, at]);
  }
  return (declaration) => {
    const location = byPath.get(paths.get(declaration)?.join('.') ?? '');
    return dedent([location?.leadingComments ?? '', location?.trailingComments ?? ''].join('\n'));
  };
}

/** protoc keeps the blank between `//` and the text. */
function dedent(comment: string): string {
  return comment.replaceAll(/^ /gm, '').trim();
}
