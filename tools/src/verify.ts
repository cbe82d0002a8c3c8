/** `npm run verify`: what `npm test` runs, under the name that says so. */
import { verify } from './verification/verify.ts';

process.exitCode = (await verify({ extended: false })) ? 0 : 1;
