import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const programs = ['peer', 'orderer', 'cryptogen', 'configtxgen', 'osnadmin'] as const;

/** A program of Hyperledger Fabric. */
export type FabricProgram = (typeof programs)[number];

/** Where Fabric's own installation notes and this project's development machines have them. */
const usualFolder = '/opt/hyperledger/fabric/bin';

/**
 * Finds the programs of Hyperledger Fabric: in `$FABRIC_BIN`, then in /opt/hyperledger/fabric/bin, then on the PATH.
 *
 * @returns the folder that holds all of them, or undefined.
 */
export function findFabricBinaries(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const own = environment['FABRIC_BIN'];
  const onPath = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...(own === undefined || own === '' ? [] : [own]), usualFolder, ...onPath].find(holdsAll);
}

/** What to say where they are missing: one line. */
export const fabricBinariesMissing = `NOT RUN ON A REAL NETWORK: ${programs.join(', ')} of Hyperledger Fabric were not found together in $FABRIC_BIN, ${usualFolder} or a folder of the PATH`;

/** @throws Error when they are missing. */
export function requireFabricBinaries(): string {
  const folder = findFabricBinaries();
  if (folder === undefined) throw new Error(fabricBinariesMissing);
  return folder;
}

function holdsAll(folder: string): boolean {
  return programs.every((program) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
