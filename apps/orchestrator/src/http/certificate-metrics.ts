import { Gauge, type Registry } from 'prom-client';
import type { CertificateExpiry } from '../trust/expiry.ts';

/** Adds the metric that tells when the certificates in force end, for alarms some weeks before. */
export function watchExpiry(registry: Registry, list: () => readonly CertificateExpiry[]): void {
  registry.registerMetric(
    new Gauge({
      name: 'orc_certificate_expiry_timestamp_seconds',
      help: 'When a certificate in force ends, in seconds since 1970',
      labelNames: ['use', 'mspid', 'fingerprint'],
      registers: [],
      collect() {
        // Replaced certificates must not raise alarms for ever.
        this.reset();
        for (const { use, mspid, fingerprint, endsMs } of list()) this.set({ use, mspid, fingerprint }, endsMs / 1000);
      },
    }),
  );
}
