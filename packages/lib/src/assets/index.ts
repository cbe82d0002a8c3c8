export { isUuid } from './checks.ts';
export { enumName } from './enum-name.ts';
