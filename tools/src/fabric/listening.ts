import { once } from 'node:events';
import { connect } from 'node:net';

const CONNECT_TIMEOUT_MS = 1_000;

/** Whether something accepts connections at `host:port`. */
export async function isListening(address: string): Promise<boolean> {
  const [host = '', port = ''] = address.split(/:(?=\d+$)/);
  const socket = connect({ host, port: Number(port), timeout: CONNECT_TIMEOUT_MS });
  try {
    socket.once('timeout', () => socket.destroy(new Error('no answer')));
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
