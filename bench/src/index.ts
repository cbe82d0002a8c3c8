export type { Figure } from './report/figure.ts';
