import { Counter, type Registry } from 'prom-client';
import type { LedgerMetrics } from './metrics.ts';

/** The metrics of the calls to the ledger, kept in `registry`. */
export function createLedgerMetrics(registry: Registry): LedgerMetrics {
  const registers = [registry];
  const attempts = new Counter({ name: 'orc_ledger_attempts_total', help: 'Proposals sent to a peer', registers });
  const conflicts = new Counter({
    name: 'orc_ledger_conflicts_total',
    help: 'Transactions that lost against others at the commit, or that the peers did not agree on',
    registers,
  });
  const ambiguous = new Counter({
    name: 'orc_ledger_ambiguous_total',
    help: 'Transactions of which it was unclear for a while whether the ledger had them',
    registers,
  });
  const resolved = new Counter({
    name: 'orc_ledger_resolved_total',
    help: 'What became of these transactions: committed, invalid or unknown',
    labelNames: ['fate'],
    registers,
  });
  return {
    attempted: () => attempts.inc(),
    conflicted: () => conflicts.inc(),
    ambiguous: () => ambiguous.inc(),
    resolved: (fate) => resolved.inc({ fate }),
  };
}
