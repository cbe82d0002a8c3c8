export * from './events.ts';
export * from './failure.ts';
export * from './invocation.ts';
