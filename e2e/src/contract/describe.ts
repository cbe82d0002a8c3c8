import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
  type FileDescriptorSet,
  type MethodDescriptorProto,
  type ServiceDescriptorProto,
} from '@bufbuild/protobuf/wkt';
import type { Contract, ContractEnum, ContractField, ContractMessage, ContractMethod, Reserved } from './contract.ts';

const PACKAGE = 'orchestrator';

/**
 * Compiled proto files in the form of the frozen contract, with everything that the wire depends on. Reserved numbers
 * are listed one by one and sorted, so that two ways of writing the same reservation compare equal.
 *
 * @throws Error for what the contract's form cannot express (nested types, extensions, client streams, proto2 …), since
 *   leaving it out would let a difference pass.
 */
export function describeContract(set: FileDescriptorSet): Contract {
  const files = set.file.filter((file) => file.package === PACKAGE);
  for (const file of files) refuseUnknownParts(file);
  return {
    package: PACKAGE,
    syntax: [...new Set(files.map((file) => file.syntax))].join(),
    files: Object.fromEntries(files.map((file) => [file.name.replace(`${PACKAGE}/`, ''), symbols(file)])),
    enums: named(
      files.flatMap((file) => file.enumType),
      describeEnum,
    ),
    messages: named(
      files.flatMap((file) => file.messageType),
      describeMessage,
    ),
    services: named(
      files.flatMap((file) => file.service),
      describeService,
    ),
  };
}

/** A contract with its lists in a fixed order, since their order in a file means nothing. */
export function normalise(contract: Contract): Contract {
  return {
    ...contract,
    files: mapValues(contract.files, (names) => names.toSorted()),
    enums: mapValues(contract.enums, (type) => ({ ...type, reserved: expand(type.reserved) })),
    messages: mapValues(contract.messages, (type) => ({ ...type, reserved: expand(type.reserved) })),
  };
}

function mapValues<V, W>(record: Readonly<Record<string, V>>, change: (value: V) => W): Record<string, W> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

function named<T extends { readonly name: string }, W>(
  types: readonly T[],
  describe: (type: T) => W,
): Record<string, W> {
  return Object.fromEntries(types.map((type) => [type.name, describe(type)]));
}

function symbols(file: FileDescriptorProto): string[] {
  return [...file.messageType, ...file.enumType, ...file.service].map((type) => type.name);
}

function expand(reserved: Reserved = []): Reserved {
  const numbers = reserved.flatMap((entry) => {
    if (typeof entry === 'string') return [];
    const [first, last] = typeof entry === 'number' ? [entry, entry] : entry;
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  const names = reserved.filter((entry) => typeof entry === 'string');
  return [...numbers.toSorted((a, b) => a - b), ...names.toSorted()];
}

function describeEnum(type: EnumDescriptorProto): ContractEnum {
  return {
    values: Object.fromEntries(type.value.map((value) => [value.name, value.number])),
    reserved: expand([...type.reservedRange.map((range) => [range.start, range.end] as const), ...type.reservedName]),
  };
}

function describeMessage(type: DescriptorProto): ContractMessage {
  // In messages, unlike in enums, the end of a reserved range is exclusive.
  const ranges = type.reservedRange.map((range) => [range.start, range.end - 1] as const);
  return {
    fields: Object.fromEntries(type.field.map((field) => [field.name, describeField(type, field)])),
    reserved: expand([...ranges, ...type.reservedName]),
  };
}

function describeField(message: DescriptorProto, field: FieldDescriptorProto): ContractField {
  const inOneof = Object.hasOwn(field, 'oneofIndex') ? message.oneofDecl[field.oneofIndex] : undefined;
  return {
    number: field.number,
    type: fieldType(message, field),
    ...(inOneof === undefined ? {} : { oneof: inOneof.name }),
  };
}

function fieldType(message: DescriptorProto, field: FieldDescriptorProto): string {
  const base = baseType(field);
  if (field.label !== Label.REPEATED) return base;
  const entry = mapEntry(message, field);
  if (entry === undefined) return `repeated ${base}`;
  return `map<${entry.field.map((part) => baseType(part)).join(', ')}>`;
}

function mapEntry(message: DescriptorProto, field: FieldDescriptorProto): DescriptorProto | undefined {
  const nested = message.nestedType.find((type) => field.typeName === `.${PACKAGE}.${message.name}.${type.name}`);
  return nested?.options?.mapEntry === true ? nested : undefined;
}

function baseType(field: FieldDescriptorProto): string {
  if (field.typeName !== '') return field.typeName.slice(1);
  return (Type[field.type] ?? '').toLowerCase();
}

function describeService(type: ServiceDescriptorProto): Record<string, ContractMethod> {
  return named(type.method, describeMethod);
}

function describeMethod(method: MethodDescriptorProto): ContractMethod {
  return {
    request: typeName(method.inputType),
    response: typeName(method.outputType),
    ...(method.serverStreaming ? { server_streaming: true } : {}),
    ...(method.options?.deprecated === true ? { deprecated: true } : {}),
  };
}

/** Types of the own package are written without it. */
function typeName(name: string): string {
  return name.slice(1).replace(/^orchestrator\./, '');
}

function refuseUnknownParts(file: FileDescriptorProto): void {
  const methods = file.service.flatMap((service) => service.method);
  const fields = file.messageType.flatMap((message) => message.field);
  const nested = file.messageType.flatMap((message) => [...message.nestedType, ...message.enumType]);
  const odd = [
    ...file.extension,
    ...file.messageType.flatMap((message) => [...message.extension, ...message.extensionRange]),
    ...nested.filter((type) => type.$typeName === 'google.protobuf.EnumDescriptorProto' || !type.options?.mapEntry),
    ...fields.filter((field) => field.proto3Optional || field.label === Label.REQUIRED || field.options !== undefined),
    ...methods.filter((method) => method.clientStreaming),
  ];
  if (odd.length > 0) throw new Error(`${file.name}: the contract has no form for ${JSON.stringify(odd[0])}`);
}
