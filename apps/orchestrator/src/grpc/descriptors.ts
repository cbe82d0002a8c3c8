import { fromBinary } from '@bufbuild/protobuf';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import type { DescriptorProto, EnumDescriptorProto, FileDescriptorProto } from '@bufbuild/protobuf/wkt';

/** One proto file: its descriptor as the compiler wrote it, and the names of the files that it imports. */
export interface DescribedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly imports: readonly string[];
}

/** Proto files, found by name or by what they declare. */
export class DescriptorIndex {
  readonly #files = new Map<string, DescribedFile>();
  readonly #bySymbol = new Map<string, DescribedFile>();
  readonly #messages = new Set<string>();
  readonly #services: string[] = [];

  /** @param sets FileDescriptorSets in base64; a file that is in several counts once. */
  constructor(sets: readonly string[]) {
    for (const set of sets) for (const bytes of splitSet(Buffer.from(set, 'base64'))) this.#addFile(bytes);
  }

  /** Full names, sorted. */
  get services(): readonly string[] {
    return this.#services.toSorted();
  }

  fileByName(name: string): DescribedFile | undefined {
    return this.#files.get(name);
  }

  /** @param symbol full name of a message, field, oneof, enum, enum value, service or method. */
  fileBySymbol(symbol: string): DescribedFile | undefined {
    return this.#bySymbol.get(symbol);
  }

  hasMessage(name: string): boolean {
    return this.#messages.has(name);
  }

  #addFile(bytes: Uint8Array): void {
    const descriptor = fromBinary(FileDescriptorProtoSchema, bytes);
    if (this.#files.has(descriptor.name)) return;
    const file: DescribedFile = { name: descriptor.name, bytes, imports: descriptor.dependency };
    this.#files.set(file.name, file);
    for (const symbol of symbolsOf(descriptor)) this.#bySymbol.set(symbol, file);
    for (const message of descriptor.messageType) {
      for (const name of messageNames(descriptor.package, message)) this.#messages.add(name);
    }
    for (const service of descriptor.service) this.#services.push(join(descriptor.package, service.name));
  }
}

const FILE_FIELD = 1;

/** The files of a FileDescriptorSet, byte for byte: decoding and encoding again could drop options. */
function* splitSet(set: Uint8Array): Generator<Uint8Array> {
  const reader = new BinaryReader(set);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === FILE_FIELD) yield reader.bytes();
    else reader.skip(wireType, field);
  }
}

function* symbolsOf(file: FileDescriptorProto): Generator<string> {
  for (const message of file.messageType) yield* symbolsOfMessage(file.package, message);
  for (const type of file.enumType) yield* symbolsOfEnum(file.package, type);
  for (const extension of file.extension) yield join(file.package, extension.name);
  for (const service of file.service) {
    const name = join(file.package, service.name);
    yield name;
    for (const method of service.method) yield join(name, method.name);
  }
}

function* symbolsOfMessage(scope: string, message: DescriptorProto): Generator<string> {
  const name = join(scope, message.name);
  yield name;
  for (const member of [...message.field, ...message.oneofDecl, ...message.extension]) yield join(name, member.name);
  for (const type of message.enumType) yield* symbolsOfEnum(name, type);
  for (const nested of message.nestedType) yield* symbolsOfMessage(name, nested);
}

/** Enum values are named beside their enum, not inside it. */
function* symbolsOfEnum(scope: string, type: EnumDescriptorProto): Generator<string> {
  yield join(scope, type.name);
  for (const value of type.value) yield join(scope, value.name);
}

function* messageNames(scope: string, message: DescriptorProto): Generator<string> {
  const name = join(scope, message.name);
  yield name;
  for (const nested of message.nestedType) yield* messageNames(name, nested);
}

function join(scope: string, name: string): string {
  return scope === '' ? name : `${scope}.${name}`;
}
