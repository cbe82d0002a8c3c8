import { readFile } from 'node:fs/promises';
import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { Client, Metadata, credentials } from '@grpc/grpc-js';
import type { ChannelCredentials } from '@grpc/grpc-js';
import { formatAddress } from '../config/address.ts';
import type { Address } from '../config/address.ts';
import type { EffectiveValues } from '../config/build-config.ts';
import {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthCheckResponse_ServingStatus,
} from '../grpc/gen/grpc/health/v1/health.ts';
import { describeError } from '../log/describe-error.ts';

export interface ProbeResult {
  readonly ready: boolean;
  /** One line for people. */
  readonly message: string;
}

const MAX_BODY_BYTES = 10_000;

/** Asks the server of these settings, on this machine, whether it is ready: `/readyz`. Does not throw. */
export async function probeHttp(values: EffectiveValues, timeoutMs: number): Promise<ProbeResult> {
  return probe(values.httpAddress, async (address) => {
    const { status, body } = await fetchText(`http://${address}/readyz`, timeoutMs);
    return { ready: status === 200, message: `${status} ${body.trim()}` };
  });
}

/** Asks the server of these settings, on this machine, for its gRPC health. Does not throw. */
export async function probeGrpc(values: EffectiveValues, timeoutMs: number): Promise<ProbeResult> {
  return probe(values.grpcAddress, async (address) => {
    const health = await checkHealth({ address, channelCredentials: await credentialsOf(values), timeoutMs });
    return { ready: health === HealthCheckResponse_ServingStatus.SERVING, message: statusName(health) };
  });
}

async function probe(configured: Address, ask: (address: string) => Promise<ProbeResult>): Promise<ProbeResult> {
  if (configured.port === 0)
    return { ready: false, message: 'the server picks a free port (0): a probe cannot know it' };
  const address = formatAddress(localAddress(configured));
  try {
    const { ready, message } = await ask(address);
    return { ready, message: `${address}: ${message}` };
  } catch (error) {
    return { ready: false, message: `${address}: ${describeError(error)}` };
  }
}

/** A server that listens everywhere is asked on this machine. */
function localAddress({ host, port }: Address): Address {
  if (host === '0.0.0.0') return { host: '127.0.0.1', port };
  return host === '::' ? { host: '::1', port } : { host, port };
}

async function fetchText(url: string, timeoutMs: number): Promise<{ readonly status: number; readonly body: string }> {
  const signal = AbortSignal.timeout(timeoutMs);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { agent: false, signal }, resolve).on('error', reject);
  });
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) {
    body = `${body}${String(chunk)}`.slice(0, MAX_BODY_BYTES);
  }
  return { status: response.statusCode ?? 0, body };
}

interface HealthCheck {
  readonly address: string;
  readonly channelCredentials: ChannelCredentials;
  readonly timeoutMs: number;
}

async function checkHealth({
  address,
  channelCredentials,
  timeoutMs,
}: HealthCheck): Promise<HealthCheckResponse_ServingStatus> {
  // TLS has no server names that are addresses; this one is not compared with anything.
  const client = new Client(address, channelCredentials, { 'grpc.ssl_target_name_override': 'localhost' });
  try {
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        '/grpc.health.v1.Health/Check',
        (request: HealthCheckRequest) => Buffer.from(HealthCheckRequest.encode(request).finish()),
        (bytes) => HealthCheckResponse.decode(bytes),
        { service: '' },
        new Metadata(),
        { deadline: Date.now() + timeoutMs },
        (error, response) => {
          if (error === null && response !== undefined) resolve(response.status);
          else reject(error ?? new Error('no answer'));
        },
      );
    });
  } finally {
    client.close();
  }
}

/** The server's own certificate serves as the client's, where one is required and it is accepted as one. */
async function credentialsOf(values: EffectiveValues): Promise<ChannelCredentials> {
  const { tlsEnabled, mtlsEnabled, tlsServerCaCert, tlsCertPath, tlsKeyPath } = values;
  if (!tlsEnabled) return credentials.createInsecure();
  const ca = await readOptional(tlsServerCaCert);
  const [key, certificate] = mtlsEnabled
    ? [await readOptional(tlsKeyPath), await readOptional(tlsCertPath)]
    : [null, null];
  return credentials.createSsl(ca, key, certificate, {
    // Nothing secret is said to whoever listens on this machine.
    rejectUnauthorized: ca !== null,
    // The certificate is made out to the name that clients use, not to this address.
    checkServerIdentity: () => undefined,
  });
}

async function readOptional(path: string | undefined): Promise<Buffer | null> {
  return path === undefined ? null : readFile(path);
}

function statusName(health: HealthCheckResponse_ServingStatus): string {
  return Object.entries(HealthCheckResponse_ServingStatus).find(([, value]) => value === health)?.[0] ?? String(health);
}
