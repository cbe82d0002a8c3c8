import type { ManagementApi } from './management-api.ts';
import { ManagementApiError } from './management-api.ts';

export type Arguments = Readonly<Record<string, unknown>>;

export interface ActualExchange {
  readonly name: string;
  readonly type: string;
  readonly durable: boolean;
  readonly auto_delete: boolean;
  readonly internal: boolean;
  readonly arguments: Arguments;
}

export interface ActualQueue {
  readonly name: string;
  /** `classic`, `quorum` or `stream`; brokers before 3.8 have classic ones alone, and do not say. */
  readonly type?: string;
  readonly durable: boolean;
  readonly auto_delete: boolean;
  readonly exclusive: boolean;
  readonly arguments: Arguments;
  /** Ready and unacknowledged ones; missing until the broker has counted for the first time. */
  readonly messages?: number;
}

export interface ActualBinding {
  readonly source: string;
  readonly destination: string;
  readonly destination_type: 'queue' | 'exchange';
  readonly routing_key: string;
  readonly arguments: Arguments;
  /** Names the binding among those of the same source and destination. */
  readonly properties_key: string;
}

export interface ActualUser {
  readonly name: string;
  readonly tags: readonly string[];
  /** Base64 of a salt of 4 bytes and the hash of salt and password. */
  readonly password_hash: string;
  readonly hashing_algorithm?: string;
}

export interface ActualPermission {
  readonly user: string;
  readonly vhost: string;
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

/** What the broker has; names as in the management API. */
export interface ActualTopology {
  readonly exchanges: readonly ActualExchange[];
  readonly queues: readonly ActualQueue[];
  readonly bindings: readonly ActualBinding[];
  /** Of the whole broker. */
  readonly users: readonly ActualUser[];
  /** Of the whole broker. */
  readonly permissions: readonly ActualPermission[];
}

/** @throws ManagementApiError */
export async function readTopology(api: ManagementApi, virtualHost: string): Promise<ActualTopology> {
  try {
    const [exchanges, queues, bindings, users, permissions] = await Promise.all([
      api.get<readonly ActualExchange[]>('exchanges', virtualHost),
      api.get<readonly ActualQueue[]>('queues', virtualHost),
      api.get<readonly ActualBinding[]>('bindings', virtualHost),
      api.get<readonly (Omit<ActualUser, 'tags'> & { readonly tags: string | readonly string[] })[]>('users'),
      api.get<readonly ActualPermission[]>('permissions'),
    ]);
    return { exchanges, queues, bindings, users: users.map((user) => ({ ...user, tags: tagsOf(user.tags) })), permissions };
  } catch (error) {
    if (!(error instanceof ManagementApiError) || error.status !== 404) throw error;
    throw new ManagementApiError(
      `the broker has no virtual host ${JSON.stringify(virtualHost)}: make it (rabbitmqctl add_vhost), or check ORCHESTRATOR_AMQP_DSN`,
      404,
    );
  }
}

/** Older brokers give one text with commas. */
function tagsOf(tags: string | readonly string[]): readonly string[] {
  return typeof tags === 'string' ? tags.split(',').filter((tag) => tag !== '') : tags;
}
