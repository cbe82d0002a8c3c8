import assert from 'node:assert/strict';
import type { DescEnum, DescField, DescFile, DescMessage, DescMethod, DescService } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import { procedures } from '@orchestrator/lib';
import { commentsOf } from './descriptors.ts';
import type { CommentOf } from './descriptors.ts';
import { anchorOf, blocks, proseOf, table } from './markdown.ts';

const head = `# API reference

<!-- Made from proto/ by \`npm run docs\`: change it there. -->

Every service, procedure, message and enum of the wire contract, in the order of its proto files. Field names are those
of the proto files; in JSON they are in camelCase. A field that is not set has its type's default: 0, false, empty, the
value 0 of an enum, no message.`;

/** The text of docs/reference/api.md for these proto files. @throws when the table of procedures lacks one of them. */
export function renderApiReference(files: readonly DescFile[]): string {
  return `${blocks(head, '## Procedures', procedureTable(files), ...files.map(renderFile))}\n`;
}

function procedureTable(files: readonly DescFile[]): string {
  const methods = files.flatMap((file) => file.services).flatMap((service) => service.methods);
  return table(
    ['procedure', 'request', 'response', 'kind'],
    methods.map((method) => [
      `[${headingOf(method)}](#${anchorOf(headingOf(method))})`,
      linkTo(method.input),
      responseOf(method),
      kindOf(method),
    ]),
  );
}

function kindOf({ parent, name }: DescMethod): string {
  const procedure = procedures.find(({ service, method }) => service === parent.name && method === name);
  if (procedure === undefined) throw new Error(`no procedure ${parent.name}.${name} in the table of the library`);
  return procedure.kind === 'snapshot' ? 'read' : procedure.kind;
}

function headingOf({ parent, name }: DescMethod): string {
  return `${parent.name}.${name}`;
}

function responseOf({ methodKind, output }: DescMethod): string {
  return `${methodKind === 'server_streaming' ? 'stream of ' : ''}${linkTo(output)}`;
}

function renderFile(file: DescFile): string {
  const commentOf = commentsOf(file);
  return blocks(
    `## ${file.name}.proto`,
    proseOf(commentOf(file)),
    ...file.services.map((service) => renderService(service, commentOf)),
    ...file.messages.map((message) => renderMessage(message, commentOf)),
    ...file.enums.map((type) => renderEnum(type, commentOf)),
  );
}

function renderService(service: DescService, commentOf: CommentOf): string {
  return blocks(
    `### ${service.name}`,
    proseOf(commentOf(service)),
    ...service.methods.map((method) =>
      blocks(
        `#### ${headingOf(method)}`,
        `${linkTo(method.input)} → ${responseOf(method)}`,
        proseOf(commentOf(method)),
      ),
    ),
  );
}

function renderMessage(message: DescMessage, commentOf: CommentOf): string {
  return blocks(
    `### ${message.name}`,
    proseOf(commentOf(message)),
    ...message.oneofs.map((oneof) => {
      const names = oneof.fields.map(({ name }) => `\`${name}\``).join(', ');
      return `At most one of ${names} (\`${oneof.name}\`) is set. ${proseOf(commentOf(oneof))}`.trimEnd();
    }),
    fieldTable(message, commentOf),
    reserved(message.proto.reservedRange, message.proto.reservedName),
  );
}

function fieldTable(message: DescMessage, commentOf: CommentOf): string {
  if (message.fields.length === 0) return 'It has no fields.';
  return table(
    ['field', 'number', 'type', 'meaning'],
    message.fields.map((field) => [`\`${field.name}\``, `${field.number}`, typeOf(field), proseOf(commentOf(field))]),
  );
}

function renderEnum(type: DescEnum, commentOf: CommentOf): string {
  return blocks(
    `### ${type.name}`,
    proseOf(commentOf(type)),
    table(
      ['value', 'number', 'meaning'],
      type.values.map((value) => [`\`${value.name}\``, `${value.number}`, proseOf(commentOf(value))]),
    ),
    // The end of a range is its last number in an enum, the one behind it in a message.
    reserved(
      type.proto.reservedRange.map(({ start, end }) => ({ start, end: end + 1 })),
      type.proto.reservedName,
    ),
  );
}

function reserved(ranges: readonly { readonly start: number; readonly end: number }[], names: readonly string[]): string {
  const numbers = ranges.map(({ start, end }) => (end - start > 1 ? `${start} to ${end - 1}` : `${start}`));
  const all = [...numbers, ...names.map((name) => `\`${name}\``)];
  return all.length === 0 ? '' : `Reserved: ${all.join(', ')}.`;
}

function typeOf(field: DescField): string {
  switch (field.fieldKind) {
    case 'list':
      return `repeated ${elementType(field)}`;
    case 'map':
      return `map of ${scalarName(field.mapKey)} to ${elementType(field)}`;
    default:
      return elementType(field);
  }
}

/** The type of a field, of an entry of its list, or of a value of its map. */
function elementType({ message, enum: type, scalar }: DescField): string {
  const named = message ?? type;
  if (named !== undefined) return linkTo(named);
  assert(scalar !== undefined, 'a field is of a message, an enum or a scalar');
  return scalarName(scalar);
}

function scalarName(scalar: ScalarType): string {
  return `\`${ScalarType[scalar].toLowerCase()}\``;
}

/** Types of Google are described where they come from. */
function linkTo({ name, typeName }: DescMessage | DescEnum): string {
  if (!typeName.startsWith('google.protobuf.')) return `[${name}](#${anchorOf(name)})`;
  return `[\`${typeName}\`](https://protobuf.dev/reference/protobuf/google.protobuf/#${anchorOf(name)})`;
}
