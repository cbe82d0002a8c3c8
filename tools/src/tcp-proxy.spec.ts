import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TcpProxy } from './tcp-proxy.ts';

let stack: AsyncDisposableStack;
let proxy: TcpProxy;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const echo = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  stack.defer(() => void echo.close());
  proxy = stack.use(await TcpProxy.start(`tcp://127.0.0.1:${(echo.address() as AddressInfo).port}/x`));
});

afterEach(() => stack.disposeAsync());

async function open(): Promise<Socket> {
  const { port, hostname } = new URL(proxy.url);
  const socket = connect(Number(port), hostname);
  stack.defer(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** What comes back, up to so many characters. */
async function read(socket: Socket, length: number): Promise<string> {
  let text = '';
  while (text.length < length) text += String((await once(socket, 'data', { signal: AbortSignal.timeout(5000) }))[0]);
  return text;
}

it('passes everything on', async () => {
  const socket = await open();
  socket.write('hello');
  expect(await read(socket, 5)).toBe('hello');
});

it('keeps back a connection from a text on, until it is released', async () => {
  const [held, other] = [await open(), await open()];
  const caught = proxy.hold({ direction: 'down', containing: 'stop' });
  held.write('stop');
  await caught;
  other.write('go');
  expect(await read(other, 2)).toBe('go');
  proxy.release();
  expect(await read(held, 4)).toBe('stop');
});

it('cuts connections, with what was kept back on them', async () => {
  const socket = await open();
  const caught = proxy.hold({ direction: 'up' });
  socket.write('lost');
  await caught;
  const closed = once(socket, 'close');
  proxy.cut();
  await closed;
  proxy.release();
  const again = await open();
  again.write('new');
  expect(await read(again, 3)).toBe('new');
});

it('refuses connections while it is closed', async () => {
  const { url } = proxy;
  await proxy.close();
  await expect(open()).rejects.toThrow('ECONNREFUSED');
  await proxy.open();
  expect(proxy.url).toBe(url);
  const socket = await open();
  socket.write('back');
  expect(await read(socket, 4)).toBe('back');
});

it('passes on later, in order', async () => {
  const socket = await open();
  proxy.delay(20);
  socket.write('a');
  socket.write('b');
  expect(await read(socket, 2)).toBe('ab');
});

it('lets nothing overtake what is delayed', async () => {
  const socket = await open();
  proxy.delay(50);
  socket.write('a');
  await setTimeout(10);
  proxy.delay(0);
  socket.write('b');
  expect(await read(socket, 2)).toBe('ab');
});

it('closes one direction: its end comes, what is sent there is lost, the other one stays open', async () => {
  const half = await open();
  half.write('1');
  expect(await read(half, 1)).toBe('1');
  const ended = once(half, 'end', { signal: AbortSignal.timeout(5000) });
  proxy.halfClose('down');
  await ended;
  const whole = await open();
  whole.write('2');
  expect(await read(whole, 1)).toBe('2');
});

it('lets connections fall silent, and takes new ones', async () => {
  const socket = await open();
  socket.write('1');
  expect(await read(socket, 1)).toBe('1');
  proxy.silence();
  socket.write('2');
  const other = await open();
  other.write('3');
  expect(await read(other, 1)).toBe('3');
  expect(socket.read()).toBe(null);
  expect(proxy.connectionCount).toBe(2);
});

it('leads to another port when it is told to', async () => {
  const other = createServer((socket) => socket.end('other')).listen(0, '127.0.0.1');
  await once(other, 'listening');
  stack.defer(() => void other.close());
  proxy.retarget((other.address() as AddressInfo).port);
  expect(await read(await open(), 5)).toBe('other');
});
