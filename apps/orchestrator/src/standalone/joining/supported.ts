import type { Dbal } from '@orchestrator/lib';
import { RunsAlone } from './runs-alone.ts';

/** A part of the store of which only some methods work; the others throw {@link RunsAlone}. */
export function supported<Part extends keyof Dbal>(part: Part, methods: Partial<Dbal[Part]>): Dbal[Part] {
  const refuse = (name: string | symbol): never => {
    throw new RunsAlone(`${part}.${String(name)}`);
  };
  return new Proxy(methods, { get: (target, name): unknown => Reflect.get(target, name) ?? (() => refuse(name)) }) as Dbal[Part];
}
