import type { PeerSettings } from '../network.ts';
import type { ProbeKit } from './kit.ts';

/** Ends the tap: from now on the peers, started anew with these settings, talk to the chaincodes directly. */
export async function withoutTap(kit: ProbeKit, settings: PeerSettings): Promise<void> {
  kit.tap.close();
  for (const number of [1, 2] as const) {
    await kit.startChaincode('contract', number);
    await kit.startChaincode('raw', number);
  }
  await kit.restartPeers(settings);
  await kit.warm();
}
