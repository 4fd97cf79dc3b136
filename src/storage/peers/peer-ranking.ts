import { hashOf } from '../../base/hash.ts';

/**
 * The `count` peers that are asked for `what`, best first, by rendezvous hashing: everybody who knows the same peers picks
 * the same ones, work is spread evenly, and a peer that comes or goes changes the choice for its own share only.
 */
export function bestPeers<T extends { readonly name: string }>(
  peers: readonly T[],
  what: string,
  count: number,
): T[] {
  const ranked = peers.map((peer) => ({ peer, weight: hashOf(Buffer.from(`${peer.name}\n${what}`)) }));
  ranked.sort((a, b) => (a.weight < b.weight ? 1 : -1));
  return ranked.slice(0, count).map(({ peer }) => peer);
}
