import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { renderConfigurationDocs, renderSettingsHelp } from './docs.ts';
import { settingEntries } from './settings.ts';

test('docs/configuration.md is what the table of settings makes of it', () => {
  const committed = readFileSync(join(import.meta.dirname, '../../../../docs/configuration.md'), 'utf8');
  expect(committed, 'run "npm run config-docs" in apps/orchestrator').toBe(renderConfigurationDocs());
});

test('help and documentation name every variable', () => {
  const [help, docs] = [renderSettingsHelp(), renderConfigurationDocs()];
  for (const [, { name }] of settingEntries) {
    expect(help).toContain(`  ${name}\n`);
    expect(docs).toContain(`| ${name} |`);
  }
});

test('help fits on a terminal', () => {
  for (const line of renderSettingsHelp().split('\n')) expect(line.length).toBeLessThanOrEqual(90);
});
