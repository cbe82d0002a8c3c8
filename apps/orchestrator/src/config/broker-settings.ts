import * as kinds from './kinds.ts';
import { inGroup } from './setting.ts';

const broker = inGroup('Broker');

/** The variables around RabbitMQ: of the publisher in the server, and of `orchestrator broker`. */
export const brokerSettings = {
  amqpDsn: broker({
    name: 'ORCHESTRATOR_AMQP_DSN',
    kind: kinds.url(['amqp', 'amqps']),
    otherwise: 'no broker',
    secret: true,
    description: 'RabbitMQ, with the user that publishes and the virtual host: `amqp://user:password@host:5672/vhost`.',
  }),
  amqpExchange: broker({
    name: 'ORCHESTRATOR_AMQP_EXCHANGE',
    kind: kinds.text,
    default: 'orchestration',
    description: 'The durable topic exchange that events go to.',
  }),
  rabbitmqManagementUrl: broker({
    name: 'ORCHESTRATOR_RABBITMQ_MANAGEMENT_URL',
    kind: kinds.url(['http', 'https']),
    otherwise: 'none',
    secret: true,
    description: "RabbitMQ's management API with an administrator, for `orchestrator broker reconcile` alone.",
  }),
  brokerQueueType: broker({
    name: 'ORCHESTRATOR_BROKER_QUEUE_TYPE',
    kind: kinds.choice(['classic', 'quorum']),
    default: 'classic',
    description: 'Type of the queues that the reconciler makes. Those that exist keep theirs.',
  }),
  brokerPasswordsDir: broker({
    name: 'ORCHESTRATOR_BROKER_PASSWORDS_DIR',
    kind: kinds.path,
    otherwise: 'none',
    description: "Folder with a file for each organization, named as its MSP id: the password of its broker user.",
  }),
  brokerPasswords: broker({
    name: 'ORCHESTRATOR_BROKER_PASSWORDS',
    kind: kinds.secretMap,
    otherwise: 'none',
    secret: true,
    description: 'The same as a JSON object from MSP id to password. A file comes first.',
  }),
  brokerReconcileIntervalMs: broker({
    name: 'ORCHESTRATOR_BROKER_RECONCILE_INTERVAL',
    kind: kinds.duration('100ms', '24h'),
    default: '30s',
    description: 'How often `orchestrator broker reconcile --watch` compares the broker with the configuration.',
  }),
} as const;
