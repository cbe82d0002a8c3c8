import { configDefaults, type ViteUserConfig } from 'vitest/config';

/** What a package's tests are given. */
interface ProjectOptions {
  readonly name: string;
  /** Starts, or joins, the PostgreSQL of this test run: `createTestDatabase` of @orchestrator/tools works then. */
  readonly postgres?: boolean;
  /** Starts, or joins, the RabbitMQ of this test run: `createTestVirtualHost` of @orchestrator/tools works then. */
  readonly rabbitmq?: boolean;
  /** Which files hold tests, in place of all that need no Fabric network of real processes. */
  readonly include?: readonly string[];
}

/** Tests on a network of Fabric's own processes: `npm run test:fabric` runs them, and `npm test` where the binaries are. */
const onFabric = '**/*.fabric.spec.ts';

const condition = '@orchestrator/source';

/** The vitest configuration of one package. Workspace packages resolve to their sources: nothing has to be built first. */
export function project({ name, postgres = false, rabbitmq = false, include }: ProjectOptions): ViteUserConfig {
  return {
    resolve: { conditions: [condition] },
    ssr: { resolve: { conditions: [condition], externalConditions: [condition] } },
    test: {
      name,
      include: include === undefined ? ['src/**/*.spec.ts'] : [...include],
      exclude: include === undefined ? [...configDefaults.exclude, onFabric] : configDefaults.exclude,
      environment: 'node',
      pool: 'forks',
      // The default leaves a core idle, which on two cores is half of them.
      maxWorkers: 2,
      // Child processes and anything outside of vite resolve the sources too.
      execArgv: [`--conditions=${condition}`],
      testTimeout: 30_000,
      hookTimeout: 60_000,
      globalSetup: [
        ...(postgres ? [`${import.meta.dirname}/tools/src/vitest-postgres.ts`] : []),
        ...(rabbitmq ? [`${import.meta.dirname}/tools/src/vitest-rabbitmq.ts`] : []),
      ],
    },
  };
}
