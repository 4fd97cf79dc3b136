import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../base/clock.ts';
import type { DiskCache } from '../storage/disk-cache.ts';
import { type PeerAddress, parsePeerAddress, parsePeerSources } from '../storage/peers/peer-address.ts';
import { PeerClient } from '../storage/peers/peer-client.ts';
import { PeerFinder } from '../storage/peers/peer-finder.ts';
import { PeerServer } from '../storage/peers/peer-server.ts';
import { PeerToken } from '../storage/peers/peer-token.ts';
import { Peers } from '../storage/peers/peers.ts';

import type { OnStoreProblem } from './open-store.ts';
import { isImmutable } from './store-cache.ts';
import type { PeerSettings } from './tier-settings.ts';

const patience = { connectMs: 200, answerMs: 500 };

/** The peers that the configuration names. Throws `storage/peers-invalid` and `configuration/invalid`. */
export function openPeers(settings: PeerSettings, onProblem: OnStoreProblem): Peers {
  const own = settings.listen === undefined ? undefined : listenAddress(settings.listen);
  const finder = new PeerFinder({
    sources: parsePeerSources(settings.found),
    resolve: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
    isOwn: (address) => own !== undefined && address.port === own.port && isOfThisMachine(address.host),
    clock: systemClock,
    // A command that has done its work does not stay for this.
    sleep: (ms) => delay(ms, undefined, { ref: false }),
    onProblem,
  });
  const client = new PeerClient(PeerToken.parse(settings.readToken()), patience);
  return new Peers({ finder, client, clock: systemClock, onProblem });
}

/**
 * Starts giving peers what is kept on this disk, and nothing else; `listen` is where. Throws as `openPeers` does, and
 * what the system says when it cannot listen there.
 */
export function servePeers(
  listen: string,
  settings: PeerSettings,
  cache: DiskCache,
  onProblem: OnStoreProblem,
): Promise<PeerServer> {
  return PeerServer.start({
    listen: listenAddress(listen),
    token: PeerToken.parse(settings.readToken()),
    read: ({ store, key, range }) => cache.read(`${store}/${key}`, range),
    isImmutable,
    onProblem,
  });
}

/** `host:port`, or a port of this machine alone. */
function listenAddress(text: string): PeerAddress {
  return parsePeerAddress(/^\d+$/.test(text) ? `127.0.0.1:${text}` : text);
}

function isOfThisMachine(address: string): boolean {
  return Object.values(networkInterfaces()).some((all) => all?.some((one) => one.address === address));
}
