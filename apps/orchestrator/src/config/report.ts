import { effectiveValues } from './build-config.ts';
import type { Environment } from './environment.ts';
import { GROUPS } from './setting.ts';
import type { Setting } from './setting.ts';
import { settingEntries } from './settings.ts';
import type { SettingKey } from './settings.ts';

/**
 * What is in force: one line for each variable, with where its value comes from. Secrets are masked, so it may be
 * shown to anybody.
 */
export function renderConfigInForce(environment: Environment): string {
  const values: Readonly<Partial<Record<SettingKey, unknown>>> = effectiveValues(environment.values);
  const sections = GROUPS.map((group) => {
    const lines = settingEntries
      .filter(([, setting]) => setting.group === group)
      .map(([key, setting]) => {
        const value = values[key];
        return `${setting.name}=${show(setting, value)}  (${originOf(environment, key)}${meaningOf(setting, value)})`;
      });
    return [`# ${group}`, ...lines].join('\n');
  });
  return `${sections.join('\n\n')}\n`;
}

function show(setting: Setting<unknown>, value: unknown): string {
  return value === undefined ? '' : setting.kind.format(value);
}

/** An empty line would not say what happens. */
function meaningOf(setting: Setting<unknown>, value: unknown): string {
  return value === undefined && setting.otherwise !== undefined ? `: ${setting.otherwise}` : '';
}

function originOf({ given, problems }: Environment, key: SettingKey): string {
  if (problems.has(key)) return 'default, since the environment has a bad value';
  return given.has(key) ? 'environment' : 'default';
}
