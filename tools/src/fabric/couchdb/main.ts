/** The stand-in for CouchDB as a process: `main.ts <host:port>`. */
import process from 'node:process';
import { createCouchServer } from './server.ts';

const [host = '127.0.0.1', port = '0'] = (process.argv[2] ?? '').split(':');
const server = createCouchServer();
server.listen(Number(port), host);
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});
