/** Turns what differs from run to run into names: addresses, ids, times. */
export type Normalise = (text: string) => string;

const patterns: readonly (readonly [RegExp, string])[] = [
  [/127\.0\.0\.1:\d{4,5}/g, '127.0.0.1:<port>'],
  [/\b(cc|raw)_1:[0-9a-f]{64}/g, '<$1 package id>'],
  [/Creator \[[0-9a-f]+\]/g, 'Creator [<hex of SerializedIdentity>]'],
  [/\b[0-9a-fA-F]{64}\b/g, '<hex64>'],
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( \+0000)?( UTC|Z)?( m=[+\d.]+)?/g, '<time>'],
  [/\([0-9a-f]{7,10}\)/g, '(<short txid>)'],
  [/\[([a-z]+-)?[0-9a-f]{8}\]/g, '[$1<short txid>]'],
  [/(deadline|Deadline) exceeded after [\d.]+s,?[^"]*/, '$1 exceeded after <s>…'],
  [/serial number \d+/g, 'serial number <n>'],
  [/SN: [0-9a-f]+/gi, 'SN: <n>'],
  [/0x[0-9a-f]{6,}/g, '<ptr>'],
  // The protobuf library of Go writes this space or a plain one, by chance of its build.
  [/\u00a0/g, ' '],
];

/** @param names what to call an address, by the address. */
export function normaliser(names: ReadonlyMap<string, string>): Normalise {
  return (text) => {
    let result = text.replace(/-----BEGIN [A-Z ]+-----[\s\S]*?-----END [A-Z ]+-----\n?/g, '<pem>');
    for (const [address, name] of names) result = result.replaceAll(address, name);
    for (const [pattern, replacement] of patterns) result = result.replace(pattern, replacement);
    return result;
  };
}
