const UPPER_CASE = /[A-Z]/g;

/**
 * The database in which a peer keeps the state of a chaincode: `<channel>_<chaincode>`, where CouchDB's lack of upper
 * case is made up for by `$` and the lower-case letter.
 */
export function databaseName(channel: string, chaincode: string): string {
  return `${channel}_${chaincode.replaceAll(UPPER_CASE, (letter) => `$${letter.toLowerCase()}`)}`;
}
