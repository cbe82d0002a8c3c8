import type { Kind } from './kinds.ts';

/** The sections under which help and documentation list the variables, in their order. */
export const GROUPS = ['General', 'Store', 'Requests', 'Events', 'TLS', 'Broker', 'Distributed mode'] as const;

export type Group = (typeof GROUPS)[number];

/** The execution modes. */
export const MODES = ['standalone', 'distributed'] as const;

export type ModeName = (typeof MODES)[number];

/** One environment variable. */
export interface Setting<T, Default extends string | undefined = string | undefined> {
  readonly name: string;
  readonly group: Group;
  readonly kind: Kind<T>;
  /** As it would be written in the environment. */
  readonly default?: Default;
  /** What happens without a value, where there is no default of one word. */
  readonly otherwise?: string;
  /** Its value may hold a password and is never shown as it is. */
  readonly secret?: boolean;
  /** An empty value is a mistake, where for other variables it means "unset". */
  readonly refusesEmpty?: boolean;
  /** The only mode in which it has an effect; none for those that have it in every mode. */
  readonly mode?: ModeName;
  readonly description: string;
}

/** Makes the settings of a section; `mode` is that of settings which do not name one themselves. */
export function inGroup(group: Group, mode?: ModeName) {
  return <T, const Default extends string | undefined>(
    setting: Omit<Setting<T, Default>, 'group'>,
  ): Setting<T, Default> => ({ ...(mode === undefined ? {} : { mode }), ...setting, group });
}
