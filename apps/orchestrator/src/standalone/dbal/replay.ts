import type { ReplayDbal, ReplayedAnswer } from '@orchestrator/lib';
import type { PostgresScope, Statement } from '../sql/executor.ts';

const SELECT: Statement = {
  name: 'select_replay',
  text: 'SELECT digest, answer FROM replays WHERE channel = $1 AND mspid = $2 AND key = $3',
};

const INSERT: Statement = {
  name: 'insert_replay',
  text: 'INSERT INTO replays (channel, mspid, key, digest, answer) VALUES ($1, $2, $3, $4, $5)',
};

export class PostgresReplayDbal implements ReplayDbal {
  readonly #scope: PostgresScope;

  constructor(scope: PostgresScope) {
    this.#scope = scope;
  }

  async getAnswer(mspid: string, idempotencyKey: string): Promise<ReplayedAnswer | undefined> {
    const [row] = await this.#scope.sql.query(SELECT, [this.#scope.channelId, mspid, idempotencyKey]);
    return row === undefined ? undefined : { digest: row[0] as string, answer: row[1] as Uint8Array };
  }

  storeAnswer(mspid: string, idempotencyKey: string, { digest, answer }: ReplayedAnswer): void {
    this.#scope.sql.send(INSERT, [this.#scope.channelId, mspid, idempotencyKey, digest, answer]);
  }
}
