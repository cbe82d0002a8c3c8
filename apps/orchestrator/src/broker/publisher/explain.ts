import { describeError } from '../../log/describe-error.ts';

/** The broker can't take a channel's events as things are; the message says what to do. */
export class TopologyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TopologyError';
  }
}

const RECONCILE = 'run "orchestrator broker reconcile"';

/** What the broker's words ask of the operator. The first that fits counts. */
const advice: readonly (readonly [RegExp, string])[] = [
  [/ACCESS_REFUSED.*(?:exchange|queue)/is, 'give the user of ORCHESTRATOR_AMQP_DSN the right to write to the exchange'],
  [/ACCESS_REFUSED/i, 'check the user name and password in ORCHESTRATOR_AMQP_DSN'],
  [/NOT_ALLOWED.*vhost/is, 'check the virtual host in ORCHESTRATOR_AMQP_DSN, and that the user may use it'],
  [/NOT_FOUND.*(?:exchange|queue)/is, RECONCILE],
  [/PRECONDITION_FAILED.*message size|message size.*larger/is, "raise the broker's max_message_size: an event is larger"],
  [/message nacked/i, "a queue refuses messages: see its length limit and the broker's log"],
  [/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ETIMEDOUT|ECONNRESET/, 'check that the broker of ORCHESTRATOR_AMQP_DSN runs and can be reached'],
  [/Heartbeat timeout/i, 'the broker or the network to it has stopped answering'],
];

/** What went wrong with publishing, in one line, and what to do about it where that is known. */
export function explainFailure(error: unknown): string {
  const text = describeError(error);
  if (error instanceof TopologyError) return text;
  const found = advice.find(([pattern]) => pattern.test(text));
  return found === undefined ? text : `${text}; ${found[1]}`;
}
