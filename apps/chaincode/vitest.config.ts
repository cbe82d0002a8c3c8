import { defineConfig, mergeConfig } from 'vitest/config';
import { project } from '../../vitest.shared.ts';

// The shim would tell every refusal on standard output.
export default mergeConfig(project({ name: 'chaincode' }), defineConfig({ test: { env: { CORE_CHAINCODE_LOGGING_LEVEL: 'CRITICAL' } } }));
