/** The process of the limit: grpc-js handlers that do the least that anything of their kind must do. */
import { Server, ServerCredentials, type ServerWritableStream } from '@grpc/grpc-js';
import { Pool } from 'pg';
import { barePath, type BareQuery, type BareSetup } from './setup.ts';

type Stream = ServerWritableStream<Buffer, Buffer>;
type Handler = (request: Buffer) => Promise<Buffer>;

const identity = (bytes: Buffer): Buffer => bytes;

/** Streams that wait for messages. */
const streams = new Set<Stream>();
let messages: readonly Buffer[] = [];
let place = 0;

function register(server: Server, path: string, handler: Handler): void {
  server.register<Buffer, Buffer>(
    path,
    (call: { readonly request: Buffer }, respond: (error: Error | null, answer?: Buffer) => void) => {
      handler(call.request).then(
        (answer) => respond(null, answer),
        (error: unknown) => respond(error instanceof Error ? error : new Error(String(error))),
      );
    },
    identity,
    identity,
    'unary',
  );
}

function createInsert(pool: Pool, answer: Buffer): Handler {
  return async (request) => {
    const client = await pool.connect();
    const insert = { name: 'insert', text: 'INSERT INTO bare (message) VALUES ($1)', values: [request] };
    await Promise.all([
      client.query({ name: 'begin', text: 'BEGIN' }),
      client.query(insert),
      client.query({ name: 'commit', text: 'COMMIT' }),
    ]);
    client.release();
    broadcast();
    return answer;
  };
}

function createQuery(pool: Pool, { text, values, answerBytes }: BareQuery, name: string): Handler {
  const answer = Buffer.alloc(answerBytes);
  let turn = 0;
  return async () => {
    turn = (turn + 1) % values.length;
    await pool.query({ name, text, values: [...(values[turn] ?? [])], rowMode: 'array' });
    return answer;
  };
}

function broadcast(): void {
  const message = messages[place];
  if (message === undefined || streams.size === 0) return;
  place += 1;
  for (const stream of streams) stream.write(message);
}

async function writeAll(stream: Stream): Promise<void> {
  for (const message of messages) {
    if (!stream.write(message)) await new Promise((resolve) => stream.once('drain', resolve));
  }
}

async function start(setup: BareSetup): Promise<void> {
  const pool = new Pool({ connectionString: setup.databaseUrl, max: setup.poolSize, pipeline: true });
  const server = new Server({ 'grpc.enable_channelz': 0 });
  const answer = Buffer.alloc(setup.answerBytes);
  messages = (setup.messages ?? []).map((bytes) => Buffer.from(bytes));
  register(server, barePath.echo, () => Promise.resolve(answer));
  register(server, barePath.insert, createInsert(pool, answer));
  for (const [index, query] of (setup.queries ?? []).entries()) {
    register(server, barePath.query(index), createQuery(pool, query, `query_${index}`));
  }
  const onStream = (call: Stream): void => {
    streams.add(call);
    call.on('cancelled', () => streams.delete(call));
    call.sendMetadata(call.metadata.clone());
  };
  server.register<Buffer, Buffer>(barePath.stream, onStream, identity, identity, 'serverStream');
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
    if (error !== null) throw error;
    process.send?.(`127.0.0.1:${port}`);
  });
}

process.on('message', (message: BareSetup | readonly ['go']) => {
  if (Array.isArray(message)) for (const stream of streams) void writeAll(stream);
  else void start(message as BareSetup);
});
process.on('disconnect', () => process.exit());
