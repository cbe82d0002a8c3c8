export * from './builders/assets.ts';
export * from './builders/requests.ts';
export * from './memory/memory-api.ts';
export * from './memory/memory-store.ts';
export * from './random/random.ts';
