import * as kinds from './kinds.ts';
import { inGroup } from './setting.ts';

const distributed = inGroup('Distributed mode', 'distributed');

/** The variables around the ledger. */
export const distributedSettings = {
  networkConfig: distributed({
    name: 'ORCHESTRATOR_NETWORK_CONFIG',
    kind: kinds.path,
    otherwise: 'needed in distributed mode',
    description: 'YAML file with the organizations and peers of the network: the used parts of a connection profile.',
  }),
  mspid: distributed({
    name: 'ORCHESTRATOR_MSPID',
    kind: kinds.text,
    otherwise: 'every identity of the network file',
    description: 'The organization that this server speaks for.',
  }),
  fabricCert: distributed({
    name: 'ORCHESTRATOR_FABRIC_CERT',
    kind: kinds.path,
    otherwise: 'the identities of the network file',
    description: "The organization's Fabric identity: its certificate, PEM. Read again when it changes.",
  }),
  fabricKey: distributed({
    name: 'ORCHESTRATOR_FABRIC_KEY',
    kind: kinds.path,
    otherwise: 'the identities of the network file',
    description: "The identity's private key, PEM. Read again when it changes.",
  }),
  fabricTlsCert: distributed({
    name: 'ORCHESTRATOR_FABRIC_TLS_CERT',
    kind: kinds.path,
    otherwise: 'no client certificate',
    description: 'What the server shows to a peer that asks for client certificates, PEM. Read again when it changes.',
  }),
  fabricTlsKey: distributed({
    name: 'ORCHESTRATOR_FABRIC_TLS_KEY',
    kind: kinds.path,
    otherwise: 'no client certificate',
    description: "The client certificate's private key, PEM. Read again when it changes.",
  }),
  fabricGatewayTimeoutMs: distributed({
    name: 'ORCHESTRATOR_FABRIC_GATEWAY_TIMEOUT',
    kind: kinds.duration('100ms', '1h'),
    default: '20s',
    description: 'How long a call may take on the ledger, retries included, if its own deadline is not earlier.',
  }),
  fabricMaxEvaluates: distributed({
    name: 'ORCHESTRATOR_FABRIC_MAX_EVALUATES',
    kind: kinds.integer(1, 10_000),
    default: '64',
    description: 'Most reading calls that are under way at a peer. A peer itself refuses more than 500 calls of all its clients.',
  }),
  fabricMaxSubmits: distributed({
    name: 'ORCHESTRATOR_FABRIC_MAX_SUBMITS',
    kind: kinds.integer(1, 10_000),
    default: '128',
    description: 'Most writing calls that are under way at a peer.',
  }),
  eventIndexFile: distributed({
    name: 'ORCHESTRATOR_EVENT_INDEX_FILE',
    kind: kinds.path,
    otherwise: '`event-index.json` in ORCHESTRATOR_DATA_DIR',
    description: 'Where the server keeps how far the broker has confirmed the events of the ledger. One server at a time.',
  }),
} as const;
