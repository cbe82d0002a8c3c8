/** `npm test`: every check and every test; `--extended` runs the longer versions of those that have one. */
import { verify } from './verification/verify.ts';

process.exitCode = (await verify({ extended: process.argv.includes('--extended') })) ? 0 : 1;
