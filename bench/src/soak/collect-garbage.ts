/** Loaded into the server of a soak, which runs with `--expose-gc`: what is left behind a collection is what it holds. */
process.on('SIGUSR2', () => globalThis.gc?.());
