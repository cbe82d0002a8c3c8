import { FileLock } from './file-lock.ts';

// A process that holds a lock until it is killed, for specs.
const lock = FileLock.tryAcquire(process.argv[2] ?? '');
process.send?.(lock === undefined ? 'refused' : 'held');
setInterval(() => lock, 60_000);
