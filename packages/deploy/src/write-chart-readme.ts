/** `npm run chart-docs -w @orchestrator/deploy`: charts/orchestrator/README.md from its head and values.yaml. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderChartReadme } from './chart-readme.ts';
import { chart } from './paths.ts';

const head = readFileSync(join(import.meta.dirname, '../chart-readme-head.md'), 'utf8');
writeFileSync(join(chart, 'README.md'), renderChartReadme(head, readFileSync(join(chart, 'values.yaml'), 'utf8')));
