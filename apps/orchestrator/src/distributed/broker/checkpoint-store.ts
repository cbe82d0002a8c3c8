import { access, constants, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FencedError } from '../../broker/publisher/ports.ts';
import { describeError } from '../../log/describe-error.ts';
import { type Checkpoint, CheckpointError } from './checkpoint.ts';
import { readCheckpoints, writeCheckpoints } from './checkpoint-file.ts';
import { FileLock } from './file-lock.ts';

/** The checkpoints of all channels in one file, which this process alone may write once it has opened it. */
export class CheckpointStore implements AsyncDisposable {
  readonly #path: string;
  #lock: FileLock | undefined;
  #opening: Promise<void> | undefined;
  #checkpoints = new Map<string, Checkpoint>();
  /** The number of each channel's last tenure. */
  readonly #fences = new Map<string, bigint>();
  #writing: Promise<void> | undefined;
  /** The write after the one under way: it takes all that was put meanwhile. */
  #next: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  get path(): string {
    return this.#path;
  }

  /** Makes the folder, where it is missing. @throws CheckpointError for one that can't be written. */
  async prepare(): Promise<void> {
    const folder = dirname(this.#path);
    try {
      await mkdir(folder, { recursive: true });
      await access(folder, constants.W_OK | constants.X_OK);
    } catch (error) {
      throw new CheckpointError(`the event index ${this.#path} cannot be written: ${describeError(error)}`);
    }
  }

  /** Looks at a channel's checkpoint, whoever writes it. @throws CheckpointError */
  async peek(channel: string): Promise<Checkpoint | undefined> {
    return (this.#lock === undefined ? await readCheckpoints(this.#path) : this.#checkpoints).get(channel);
  }

  /**
   * Makes this process the one that writes, and begins a channel's tenure.
   *
   * @throws CheckpointError when another process writes the file, or it can't be used.
   */
  async begin(channel: string): Promise<{ readonly checkpoint: Checkpoint | undefined; readonly fence: bigint }> {
    this.#opening ??= this.#open();
    // What failed once may go well the next time.
    await this.#opening.catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    const checkpoint = this.#checkpoints.get(channel);
    const fence = (this.#fences.get(channel) ?? checkpoint?.fence ?? 0n) + 1n;
    this.#fences.set(channel, fence);
    return { checkpoint, fence };
  }

  /** Resolves when it is on the disk. @throws FencedError when a later tenure has begun; CheckpointError. */
  async put(channel: string, checkpoint: Checkpoint): Promise<void> {
    if (this.#lock === undefined || this.#fences.get(channel) !== checkpoint.fence) throw new FencedError(channel);
    this.#checkpoints.set(channel, checkpoint);
    await this.#write();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([this.#opening, this.#writing, this.#next]);
    this.#lock?.[Symbol.dispose]();
    this.#lock = undefined;
  }

  async #open(): Promise<void> {
    const lock = FileLock.tryAcquire(`${this.#path}.lock`);
    if (lock === undefined) throw new CheckpointError(`the event index ${this.#path} is in use: another server publishes from it`);
    try {
      this.#checkpoints = new Map(await readCheckpoints(this.#path));
      // A folder that can't be written is found out now, and not after events were published.
      await writeCheckpoints(this.#path, this.#checkpoints);
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
    this.#lock = lock;
  }

  async #write(): Promise<void> {
    if (this.#writing === undefined) {
      this.#writing = writeCheckpoints(this.#path, new Map(this.#checkpoints)).finally(() => (this.#writing = undefined));
      return this.#writing;
    }
    this.#next ??= this.#writing
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#write();
      });
    return this.#next;
  }
}
