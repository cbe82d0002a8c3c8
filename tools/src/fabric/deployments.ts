import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Definition {
  readonly channel: string;
  readonly name: string;
  readonly installedAt: readonly string[];
}

interface Content {
  /** By label and MSP id. */
  readonly packageIds: Record<string, string>;
  readonly definitions: Definition[];
}

/** What has been deployed to a network: kept in its folder, for the next start on it. */
export class Deployments {
  readonly #file: string;
  readonly #content: Content;

  constructor(folder: string) {
    this.#file = join(folder, 'deployments.json');
    const isThere = existsSync(this.#file);
    this.#content = isThere ? (JSON.parse(readFileSync(this.#file, 'utf8')) as Content) : { packageIds: {}, definitions: [] };
  }

  addPackage(label: string, mspid: string, packageId: string): void {
    this.#content.packageIds[`${mspid} ${label}`] = packageId;
    this.#save();
  }

  addDefinition(definition: Definition): void {
    this.#content.definitions.push(definition);
    this.#save();
  }

  /** @throws Error when the organization has no such package. */
  packageId(label: string, mspid: string): string {
    const id = this.#content.packageIds[`${mspid} ${label}`];
    if (id === undefined) throw new Error(`${mspid} has no package ${label}`);
    return id;
  }

  /** The definitions that all organizations have a package for. */
  endorsable(mspid: string): readonly Definition[] {
    const organizations = new Set(this.#content.definitions.flatMap(({ installedAt }) => installedAt));
    return this.#content.definitions.filter(({ installedAt }) => installedAt.includes(mspid) && installedAt.length === organizations.size);
  }

  #save(): void {
    writeFileSync(this.#file, JSON.stringify(this.#content));
  }
}
