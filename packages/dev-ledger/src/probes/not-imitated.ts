/** The probes that the development ledger answers in another way than Fabric, and why. It must still do so: the test checks. */
export const notImitated: ReadonlyMap<string, string> = new Map([
  ['prop.garbage', 'grpc-js has words of its own for a method that does not exist; everything else in the probe agrees'],
  ['pvt', 'there is no private data: the implicit collection of an organization is refused like every other'],
  ['blk.private', 'without private data a definition block has none, where approvals of real organizations leave some'],
]);
