import { createHash, X509Certificate } from 'node:crypto';
import { Client, credentials as grpcCredentials, type ChannelOptions } from '@grpc/grpc-js';
import { connect, type Gateway } from '@hyperledger/fabric-gateway';
import type { PeerConfig } from '../../config/config.ts';
import type { Credentials } from './credentials.ts';
import { createSigning } from './signing.ts';

/** What Fabric's peers send at most. */
const MAX_RECEIVE_BYTES = 104_857_600;

/** Peers end the connection of a client that pings more often than once a minute. */
const KEEPALIVE_TIME_MS = 65_000;
const KEEPALIVE_TIMEOUT_MS = 20_000;

/** Short, or calls would fail long after the peer is back. */
const MAX_RECONNECT_DELAY_MS = 2000;
const FIRST_RECONNECT_DELAY_MS = 100;

/** The gRPC client of a peer; it connects by itself. */
export function openClient(peer: PeerConfig, { tlsRoots, tlsClient }: Credentials): Client {
  const options: ChannelOptions = {
    'grpc.max_receive_message_length': MAX_RECEIVE_BYTES,
    'grpc.max_send_message_length': -1,
    'grpc.keepalive_time_ms': KEEPALIVE_TIME_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
    'grpc.keepalive_permit_without_calls': 1,
    'grpc.initial_reconnect_backoff_ms': FIRST_RECONNECT_DELAY_MS,
    'grpc.min_reconnect_backoff_ms': FIRST_RECONNECT_DELAY_MS,
    'grpc.max_reconnect_backoff_ms': MAX_RECONNECT_DELAY_MS,
    ...(peer.serverName === undefined ? {} : { 'grpc.ssl_target_name_override': peer.serverName }),
  };
  const { certificate, privateKey } = tlsClient ?? {};
  const channel = grpcCredentials.createSsl(tlsRoots, privateKey ?? null, certificate ?? null);
  return new Client(peer.address, channel, options);
}

/** The gateway of an identity over a peer's client. */
export function connectGateway(client: Client, mspId: string, credentials: Credentials): Gateway {
  const { certificate, privateKey, tlsClient } = credentials;
  return connect({
    client,
    identity: { mspId, credentials: certificate },
    ...createSigning(privateKey),
    ...(tlsClient === undefined ? {} : { tlsClientCertificateHash: certificateHash(tlsClient.certificate) }),
  });
}

function certificateHash(pem: Buffer): Uint8Array {
  return createHash('sha256').update(new X509Certificate(pem).raw).digest();
}
