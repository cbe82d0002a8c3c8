/** Where time goes, in words for people. */
export const Group = {
  Decoding: 'decoding of messages',
  Logic: 'validation and business logic',
  Encoding: 'encoding of messages',
  Store: 'transactions, statements and their parameters',
  Driver: 'pg',
  Grpc: 'grpc-js and http2',
  Server: 'rest of the server: interceptors, log, metrics',
  Garbage: 'garbage collection',
  Node: 'Node itself: sockets, timers, event loop',
  Idle: 'idle',
} as const;

export type Group = (typeof Group)[keyof typeof Group];

/** What V8 says of a function. */
export interface Frame {
  readonly functionName: string;
  /** Empty for functions of V8 and Node that are not written in JavaScript. */
  readonly url: string;
}

/** The first that fits the frame's file and function, with a space between, says what it is. */
const RULES: readonly (readonly [RegExp, Group])[] = [
  [/^ \(garbage collector\)$/, Group.Garbage],
  [/^ \(idle\)$/, Group.Idle],
  [/^ \(program\)$/, Group.Node],
  [/\/lib\/(src|dist)\/gen\/\S* decode$|\/codec\/strict-reader\./, Group.Decoding],
  [/\/lib\/(src|dist)\/gen\/\S* encode$|\/codec\/encoding\./, Group.Encoding],
  [/\/packages\/lib\//, Group.Logic],
  [/\/orchestrator\/(src|dist)\/standalone\//, Group.Store],
  [/\/orchestrator\/(src|dist)\//, Group.Server],
  [/\/node_modules\/pg(-[a-z]+)?\//, Group.Driver],
  [/\/node_modules\/@grpc\/|^node:(internal\/)?http2/, Group.Grpc],
];

/**
 * The group of a function: its own, or that of who called it. What a reader of messages, a buffer or a socket does is
 * done for the one who asked for it.
 */
export function groupOf({ functionName, url }: Frame, callersGroup: Group): Group {
  const name = `${url} ${functionName}`;
  return RULES.find(([pattern]) => pattern.test(name))?.[1] ?? callersGroup;
}
