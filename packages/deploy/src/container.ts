import type { Containers } from './containers.ts';

/** A container that runs. */
export interface Started extends AsyncDisposable {
  readonly id: string;
  /** Stops it by SIGTERM. @throws Error when it ends with another code */
  stop(expectedCode: number): Promise<void>;
}

/** Starts a container that is removed in the end, whatever happens. */
export async function startContainer(containers: Containers, args: readonly string[]): Promise<Started> {
  const id = (await containers.podmanOk(['run', '--detach', ...args])).trim();
  return {
    id,
    async stop(expectedCode) {
      await containers.podmanOk(['stop', '--time', '25', id]);
      const code = (await containers.podmanOk(['inspect', '--format', '{{.State.ExitCode}}', id])).trim();
      const { stdout, stderr } = await containers.podman(['logs', id]);
      if (code !== String(expectedCode)) throw new Error(`after SIGTERM it ended with ${code}:\n${`${stdout}${stderr}`.slice(-2000)}`);
    },
    async [Symbol.asyncDispose]() {
      await containers.podman(['rm', '--force', '--time', '5', id]);
    },
  };
}

