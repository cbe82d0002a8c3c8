/** A YAML mapping as the parser gives it: keys may be of any kind. */
export type YamlMap = ReadonlyMap<unknown, unknown>;

/** A mapping, and where it stands, for people. */
export interface YamlSpot {
  readonly where: string;
  readonly map: YamlMap;
}

/** Reads values of a YAML tree, and collects a sentence for each one that is not as it should be. */
export class YamlReader {
  readonly problems: string[] = [];

  /** The entries of a mapping of mappings; those that `read` gives nothing for are left out. */
  readEntries<T>(parent: YamlMap, key: string, read: (spot: YamlSpot, name: string) => T | undefined): ReadonlyMap<string, T> {
    const result = new Map<string, T>();
    const entries = parent.get(key);
    if (!(entries instanceof Map) || entries.size === 0) {
      this.problems.push(`"${key}" should be a mapping with at least one entry`);
      return result;
    }
    for (const [name, map] of entries as YamlMap) {
      const where = `${key}, ${show(name)}`;
      if (typeof name !== 'string' || name === '') this.problems.push(`${where}: the name should be text: put it in quotes`);
      else if (!(map instanceof Map)) this.problems.push(`${where}: it should be a mapping`);
      else {
        const value = read({ where, map }, name);
        if (value !== undefined) result.set(name, value);
      }
    }
    return result;
  }

  readText(spot: YamlSpot, key: string): string | undefined {
    if (!spot.map.has(key)) this.problems.push(`${spot.where}: "${key}" is missing`);
    return this.readOptionalText(spot, key);
  }

  readOptionalText({ where, map }: YamlSpot, key: string): string | undefined {
    const value = map.get(key);
    if (typeof value === 'string' && value !== '') return value;
    if (map.has(key)) this.problems.push(`${where}: "${key}" should be text that is not empty`);
    return undefined;
  }

  /** A list of at least one text. */
  readTexts({ where, map }: YamlSpot, key: string): readonly string[] | undefined {
    const value = map.get(key);
    const isText = (item: unknown): item is string => typeof item === 'string' && item !== '';
    if (Array.isArray(value) && value.length > 0 && value.every(isText)) return value;
    this.problems.push(`${where}: "${key}" should be a list of at least one text`);
    return undefined;
  }

  readMap(spot: YamlSpot, key: string): YamlSpot | undefined {
    if (!spot.map.has(key)) this.problems.push(`${spot.where}: "${key}" is missing`);
    return this.readOptionalMap(spot, key);
  }

  readOptionalMap({ where, map }: YamlSpot, key: string): YamlSpot | undefined {
    const value = map.get(key);
    if (value instanceof Map) return { where: `${where}, ${key}`, map: value };
    if (map.has(key)) this.problems.push(`${where}: "${key}" should be a mapping`);
    return undefined;
  }

  refuseOtherKeys({ where, map }: YamlSpot, known: readonly string[]): void {
    for (const key of map.keys()) {
      if (known.some((name) => name === key)) continue;
      this.problems.push(`${where}: the key ${show(key)} is unknown, there is ${known.join(', ')}`);
    }
  }
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
