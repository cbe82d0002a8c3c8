import { randomUUID } from 'node:crypto';

/** The broker in which `createTestVirtualHost` works, as an administrator; set from outside, or by vitest's global setup. */
export const amqpUrlVariable = 'ORCHESTRATOR_TEST_AMQP_URL';
/** The management API of the same broker, as an administrator. */
export const managementUrlVariable = 'ORCHESTRATOR_TEST_RABBITMQ_MANAGEMENT_URL';

export interface TestVirtualHost extends AsyncDisposable {
  readonly name: string;
  /** Leads to the virtual host as the administrator. */
  readonly amqpUrl: string;
  /** The whole broker's, as the administrator. */
  readonly managementUrl: string;
}

export interface BrokerAddress {
  readonly amqpUrl: string;
  readonly managementUrl: string;
}

/**
 * Makes a virtual host of one test or one spec file: exchanges and queues are its own, users are the whole broker's.
 * Dispose of it to delete it with all that is in it.
 *
 * @throws when no RabbitMQ is there: the package's vitest configuration has to ask for it.
 */
export async function createTestVirtualHost(broker: BrokerAddress = brokerOfTheRun()): Promise<TestVirtualHost> {
  const name = `orchestrator-test-${randomUUID()}`;
  const request = (method: string, path: string) => callManagement({ managementUrl: broker.managementUrl, method, path });
  await request('PUT', `vhosts/${name}`);
  const user = new URL(broker.managementUrl).username;
  await callManagement({
    managementUrl: broker.managementUrl,
    method: 'PUT',
    path: `permissions/${name}/${user}`,
    body: { configure: '.*', write: '.*', read: '.*' },
  });
  const url = new URL(broker.amqpUrl);
  url.pathname = `/${name}`;
  return {
    name,
    amqpUrl: url.href,
    managementUrl: broker.managementUrl,
    [Symbol.asyncDispose]: async () => void (await request('DELETE', `vhosts/${name}`)),
  };
}

export interface ManagementCall {
  /** With the name and password of a user. */
  readonly managementUrl: string;
  readonly method: string;
  /** After `/api/`, escaped. */
  readonly path: string;
  readonly body?: unknown;
}

/**
 * One call of the management API, with a deadline of 10 s.
 *
 * @returns the answer's JSON, undefined when it has none.
 * @throws for any answer but 2xx.
 */
export async function callManagement({ managementUrl, method, path, body }: ManagementCall): Promise<unknown> {
  const { origin, username, password } = new URL(managementUrl);
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const response = await fetch(`${origin}/api/${path}`, {
    method,
    headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}

function brokerOfTheRun(): BrokerAddress {
  const { [amqpUrlVariable]: amqpUrl, [managementUrlVariable]: managementUrl } = process.env;
  if (amqpUrl === undefined || managementUrl === undefined) {
    throw new Error(`${amqpUrlVariable} is not set: say rabbitmq: true in vitest.config.ts`);
  }
  return { amqpUrl, managementUrl };
}
