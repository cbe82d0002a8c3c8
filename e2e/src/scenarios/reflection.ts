import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { within } from '../deadline.ts';
import type { Connection } from '../client.ts';

const ANSWER_DEADLINE_MS = 30_000;
const LENGTH_DELIMITED = 2;

/** What can be asked: the field of ServerReflectionRequest. */
export const FILE_CONTAINING_SYMBOL = 4;
export const LIST_SERVICES = 7;

/** The field of ServerReflectionResponse that answers it. */
const answerField: Readonly<Record<number, number>> = { [FILE_CONTAINING_SYMBOL]: 4, [LIST_SERVICES]: 6 };

/**
 * Asks server reflection one thing.
 *
 * @returns the repeated first field of the answer: descriptors of files, or listed services.
 * @throws Error when the server answers with an error, or with something else.
 */
export async function askReflection(
  connection: Connection,
  version: 'v1' | 'v1alpha',
  field: typeof FILE_CONTAINING_SYMBOL | typeof LIST_SERVICES,
  value: string,
): Promise<Uint8Array[]> {
  const stream = connection.bidiStream(`/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`);
  try {
    const answer = new Promise<Buffer>((resolve, reject) => {
      stream.once('data', resolve);
      stream.on('error', reject);
    });
    stream.write(new BinaryWriter().tag(field, LENGTH_DELIMITED).string(value).finish());
    const message = await within(ANSWER_DEADLINE_MS, 'the answer of reflection', answer);
    const [content] = fieldsOf(message, answerField[field] ?? 0);
    if (content === undefined) throw new Error(`reflection did not answer ${value}`);
    return fieldsOf(content, 1);
  } finally {
    stream.end();
  }
}

function fieldsOf(message: Uint8Array, wanted: number): Uint8Array[] {
  const reader = new BinaryReader(message);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === wanted) found.push(reader.bytes());
    else reader.skip(type);
  }
  return found;
}
