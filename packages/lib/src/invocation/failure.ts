import { ErrorCode } from '../errors/codes.ts';
import { MessageTooLargeError } from '../errors/message-too-large.ts';
import { OrchestrationError } from '../errors/orchestration-error.ts';

const CODED = /^(OE\d{4}): (.*)$/su;

/** The refusal that a chaincode's error message stands for, with the same text; undefined for any other message. */
export function parseFailure(message: string): OrchestrationError | MessageTooLargeError | undefined {
  const [, text, sentence] = CODED.exec(message) ?? [];
  const code = Object.values(ErrorCode).find((known) => known === text);
  if (code === undefined || sentence === undefined) return MessageTooLargeError.parse(message);
  return new OrchestrationError(code, sentence);
}
