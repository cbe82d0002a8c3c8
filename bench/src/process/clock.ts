const NANOS_PER_MILLI = 1e6;

/** The machine's monotonic clock, the same for all of its processes. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / NANOS_PER_MILLI;
}

/** Milliseconds of processor time that this process has used since it began. */
export function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** @throws Error when the work takes longer. */
export async function within<T>(work: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
