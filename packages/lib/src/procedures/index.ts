export * from './call.ts';
export * from './procedure.ts';
export * from './replay-content.ts';
export * from './table.ts';
