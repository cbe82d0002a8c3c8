import { createFileRegistry, type DescMessage, type DescMethod, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import { base64Decode } from '@bufbuild/protobuf/wire';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { descriptorSetBase64 } from '../gen/descriptor-set.ts';

const PACKAGE = 'orchestrator';

let registry: FileRegistry | undefined;

function contract(): FileRegistry {
  registry ??= createFileRegistry(fromBinary(FileDescriptorSetSchema, base64Decode(descriptorSetBase64)));
  return registry;
}

/** The description of a message of the contract, named without its package. @throws Error when there is none. */
export function describeMessage(name: string): DescMessage {
  const found = contract().getMessage(`${PACKAGE}.${name}`);
  if (found === undefined) throw new Error(`the contract has no message ${name}`);
  return found;
}

/** The description of a method, its service named without package. @throws Error when there is none. */
export function describeMethod(service: string, method: string): DescMethod {
  const found = contract().getService(`${PACKAGE}.${service}`)?.methods.find(({ name }) => name === method);
  if (found === undefined) throw new Error(`the contract has no method ${service}/${method}`);
  return found;
}
