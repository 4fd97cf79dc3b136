import type { Clock } from '../../base/clock.ts';
import type { BytesCheck } from '../object-store.ts';
import type { PeerAddress } from './peer-address.ts';
import type { PeerAnswer } from './peer-client.ts';
import type { FoundPeer } from './peer-finder.ts';
import { PeerHealth } from './peer-health.ts';
import { bestPeers } from './peer-ranking.ts';
import { type PeerRequest, peerBytesMax } from './peer-request.ts';

/** How many peers are asked for one thing, one after the other. */
const askedMax = 2;
/** Requests that are under way at once; more than that go to the store. */
const inFlightMax = 32;

export interface PeersOptions {
  readonly finder: { current(): Promise<readonly FoundPeer[]> };
  readonly client: { ask(peer: PeerAddress, request: PeerRequest): Promise<PeerAnswer> };
  readonly clock: Clock;
  /** Told of a peer that sends something else than what it is asked for. */
  readonly onProblem: (problem: Error) => void;
}

/** The other servers that may have what this one needs. Nothing depends on them. */
export class Peers {
  readonly #options: PeersOptions;
  readonly #health: PeerHealth;
  #inFlight = 0;

  constructor(options: PeersOptions) {
    this.#options = options;
    this.#health = new PeerHealth(options.clock);
  }

  /** The bytes asked for, if one of the peers has them and they pass `check`. Never fails, and gives up soon. */
  async find(request: PeerRequest, check: BytesCheck): Promise<Uint8Array | undefined> {
    const { range } = request;
    if (range !== undefined && range.end - range.start > peerBytesMax) return undefined;
    if (this.#inFlight >= inFlightMax || !this.#health.anyIsWell) return undefined;
    this.#inFlight++;
    try {
      return await this.#askBest(request, check);
    } finally {
      this.#inFlight--;
    }
  }

  async #askBest(request: PeerRequest, check: BytesCheck): Promise<Uint8Array | undefined> {
    const peers = await this.#options.finder.current();
    const well = peers.filter(({ name }) => this.#health.isWell(name));
    const what = `${request.store}/${request.key}:${request.range?.start ?? ''}`;
    for (const peer of bestPeers(well, what, askedMax)) {
      if (!this.#health.anyIsWell) return undefined;
      const bytes = await this.#ask(peer, request, check);
      if (bytes !== undefined) return bytes;
    }
    return undefined;
  }

  async #ask(
    { name, address }: FoundPeer,
    request: PeerRequest,
    check: BytesCheck,
  ): Promise<Uint8Array | undefined> {
    const { client, clock, onProblem } = this.#options;
    this.#health.asking(name);
    const startedMs = clock.now();
    const answer = await client.ask(address, request);
    if (answer.outcome === 'failed') {
      this.#health.failed(name, clock.now() - startedMs);
      return undefined;
    }
    if (answer.outcome !== 'found') {
      this.#health.answered(name);
      return undefined;
    }
    if (check(answer.bytes)) {
      this.#health.answered(name);
      return answer.bytes;
    }
    this.#health.lied(name);
    onProblem(
      new Error(
        `The peer ${name} sent something else than "${request.key}". It is left out for a while; look whether its disk is damaged, and who it is.`,
      ),
    );
    return undefined;
  }
}
