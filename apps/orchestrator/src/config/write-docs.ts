import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderConfigurationDocs } from './docs.ts';

writeFileSync(join(import.meta.dirname, '../../../../docs/configuration.md'), renderConfigurationDocs());
