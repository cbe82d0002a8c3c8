import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: ['packages/*', 'apps/*', 'e2e', 'tools', 'bench'],
    // The default leaves a core idle, which on two cores is half of them.
    maxWorkers: 2,
  },
});
