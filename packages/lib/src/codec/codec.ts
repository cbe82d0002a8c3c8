import type { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { ErrorCode } from '../errors/codes.ts';
import { OrchestrationError } from '../errors/orchestration-error.ts';
import { encodeMessage } from './encoding.ts';

/** What the generated code offers for each message type. */
export interface MessageCodec<T> {
  encode(message: T, writer?: BinaryWriter): BinaryWriter;
  decode(input: BinaryReader | Uint8Array, length?: number): T;
  fromPartial(object: object): T;
}

/** A message in its wire form, for answers that are handed on without being decoded. */
export interface Encoded<T> {
  readonly bytes: Uint8Array;
  /** Never present: it only ties the bytes to their message type. */
  readonly messageType?: T;
}

/** A stored message: its wire form, decoded when somebody looks inside, at most once. */
export class Stored<T> implements Encoded<T> {
  readonly bytes: Uint8Array;
  readonly #codec: MessageCodec<T>;
  #value: T | undefined;

  constructor(codec: MessageCodec<T>, bytes: Uint8Array) {
    this.#codec = codec;
    this.bytes = bytes;
  }

  /** Wraps a message, encoding it at once. */
  static of<T>(codec: MessageCodec<T>, message: T): Stored<T> {
    return new Stored(codec, encodeMessage(codec, message));
  }

  /** The decoded message. Callers must not change it. @throws OrchestrationError OE0001 */
  get value(): T {
    this.#value ??= this.#decode();
    return this.#value;
  }

  #decode(): T {
    try {
      return this.#codec.decode(this.bytes);
    } catch {
      throw new OrchestrationError(ErrorCode.ByteArray, 'a stored asset cannot be decoded');
    }
  }
}

/** Whether an answer is already in its wire form. */
export function isEncoded<T>(answer: T | Encoded<T>): answer is Encoded<T> {
  return answer instanceof Stored || answer instanceof EncodedMessage;
}

/** Wire bytes composed by hand, see `encodePage`. */
export class EncodedMessage<T> implements Encoded<T> {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}
