/**
 * Loads everything that the server may consist of, and does nothing with it. The launcher runs it before the first start
 * from new sources, so that Node has compiled them.
 */
import '@orchestrator/embedded-postgres';
import './broker/postgres/open-publisher.ts';
import './distributed/broker/open-publisher.ts';
import './distributed/open.ts';
import './http/prometheus-metrics.ts';
import './serve.ts';
import './standalone/open.ts';
import './trust/client-authorities.ts';
import './trust/client-certificates.ts';
