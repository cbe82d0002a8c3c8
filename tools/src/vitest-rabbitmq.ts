/** Vitest's global setup of projects that need RabbitMQ: one broker serves all projects of a run. */
import { TestRabbitMq } from './rabbitmq.ts';
import { amqpUrlVariable, managementUrlVariable } from './test-virtual-host.ts';

/**
 * Starts the broker, unless an earlier project did or one was given from outside.
 *
 * @throws when none can be had: the tests that need it then fail instead of being left out.
 */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  const { [amqpUrlVariable]: amqpUrl, [managementUrlVariable]: managementUrl } = process.env;
  if (amqpUrl !== undefined && managementUrl !== undefined) return undefined;
  if (amqpUrl !== undefined || managementUrl !== undefined) {
    throw new Error(`Of ${amqpUrlVariable} and ${managementUrlVariable} only one is set: set both, or none for a broker of the tests' own.`);
  }
  const broker = await TestRabbitMq.start((line) => process.stderr.write(`${line}\n`));
  process.env[amqpUrlVariable] = broker.amqpUrl;
  process.env[managementUrlVariable] = broker.managementUrl;
  return async () => {
    await broker[Symbol.asyncDispose]();
    delete process.env[amqpUrlVariable];
    delete process.env[managementUrlVariable];
  };
}
