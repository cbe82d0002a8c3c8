import * as kinds from './kinds.ts';
import { inGroup } from './setting.ts';

const distributed = inGroup('Distributed mode');

/**
 * Variables of parts that do not exist yet. They are known, so that a deployment which sets them is told plainly
 * what this version lacks instead of being told of a typing mistake.
 */
export const laterSettings = {
  networkConfig: distributed({
    name: 'ORCHESTRATOR_NETWORK_CONFIG',
    kind: kinds.path,
    otherwise: 'none',
    description: 'Fabric connection profile. No effect in this version.',
  }),
  fabricCert: distributed({
    name: 'ORCHESTRATOR_FABRIC_CERT',
    kind: kinds.path,
    otherwise: 'none',
    description: "The Fabric identity's certificate. No effect in this version.",
  }),
  fabricKey: distributed({
    name: 'ORCHESTRATOR_FABRIC_KEY',
    kind: kinds.path,
    otherwise: 'none',
    description: "The Fabric identity's private key. No effect in this version.",
  }),
  fabricGatewayTimeoutMs: distributed({
    name: 'ORCHESTRATOR_FABRIC_GATEWAY_TIMEOUT',
    kind: kinds.duration('100ms', '1h'),
    default: '20s',
    description: 'Longest time of one call to the ledger. No effect in this version.',
  }),
  mspid: distributed({
    name: 'ORCHESTRATOR_MSPID',
    kind: kinds.text,
    otherwise: 'none',
    description: "The Fabric identity's organization. No effect in this version.",
  }),
  eventIndexFile: distributed({
    name: 'ORCHESTRATOR_EVENT_INDEX_FILE',
    kind: kinds.path,
    otherwise: 'a file in the data folder',
    description: 'Checkpoint of the ledger event stream. No effect in this version.',
  }),
} as const;
