export { Connection } from './client.ts';
export { type Context, createContext } from './context.ts';
export { defaultOptions, type Options, parseOptions } from './options.ts';
export { type NamedScenario, type Plan, planSuite, registerOrganizations, type Result, runSuite } from './runner.ts';
