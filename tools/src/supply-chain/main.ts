/** `npm run sbom`, also part of `npm run build`: writes dist/sbom.cdx.json and says which licences it holds. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { licenceFault } from './licences.ts';
import { lockedPackages, repositoryRoot } from './lock.ts';
import { createSbom } from './sbom.ts';

const path = join(repositoryRoot, 'dist/sbom.cdx.json');
mkdirSync(join(repositoryRoot, 'dist'), { recursive: true });
const sbom = await createSbom();
writeFileSync(path, `${JSON.stringify(sbom, undefined, 2)}\n`);

const licences = Map.groupBy(
  lockedPackages().filter(({ delivered }) => delivered),
  ({ license }) => license,
);
for (const [licence, packages] of [...licences].toSorted((a, b) => b[1].length - a[1].length))
  console.log(`${licence}: ${packages.map(({ name, version }) => `${name}@${version}`).join(' ')}`);
console.log(`dist/sbom.cdx.json: ${sbom.components.length} components`);

const faults = lockedPackages().flatMap((locked) => licenceFault(locked) ?? []);
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
