import { defineConfig } from 'vitest/config';

const conditions = ['@orchestrator/source'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: { name: 'lib', include: ['src/**/*.spec.ts'] },
});
