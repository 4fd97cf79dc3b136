import { isIP } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import type { Sleep } from '../backoff.ts';
import { type PeerAddress, type PeerSource, peerName } from './peer-address.ts';

/** How long what a name stood for is believed, in ms. */
const resolvedMsMax = 30_000;
/** How long who asks first waits for names to be looked up, in ms. */
const firstWaitMs = 200;
/** Most peers that are known at once: a name may stand for any number. */
const peersMax = 1024;

export interface PeerFinderOptions {
  readonly sources: readonly PeerSource[];
  /** All IP addresses that a host's name stands for. */
  readonly resolve: (name: string) => Promise<readonly string[]>;
  /** True for this process's own address, by which it is not asked. */
  readonly isOwn: (address: PeerAddress) => boolean;
  readonly clock: Clock;
  readonly sleep: Sleep;
  /** Told of a name that cannot be looked up, once until it can. */
  readonly onProblem: (problem: Error) => void;
}

/** A peer: how others call it, and where it is. */
export interface FoundPeer {
  /** The same on all machines that have the same configuration. */
  readonly name: string;
  readonly address: PeerAddress;
}

/** Who the peers are at the moment. Names are looked up again from time to time, while what they stood for is used. */
export class PeerFinder {
  readonly #options: PeerFinderOptions;
  #found: readonly FoundPeer[] = [];
  /** Ends when names were looked up for the first time, or that has taken too long. */
  #first: Promise<void> | undefined;
  readonly #unknown = new Set<string>();
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(options: PeerFinderOptions) {
    this.#options = options;
  }

  /** The peers, without this process. Waits for names only the first time, and not for long. Never fails. */
  async current(): Promise<readonly FoundPeer[]> {
    const { clock, sleep } = this.#options;
    if (clock.now() - this.#lookedMs > resolvedMsMax) {
      this.#lookedMs = clock.now();
      const looked = this.#look();
      this.#first ??= Promise.race([looked, sleep(firstWaitMs)]);
    }
    await this.#first;
    return this.#found;
  }

  async #look(): Promise<void> {
    const { sources, isOwn } = this.#options;
    const found = (await Promise.all(sources.map((source) => this.#peersOf(source)))).flat();
    const byName = new Map(found.map((peer) => [peer.name, peer]));
    this.#found = [...byName.values()].filter(({ address }) => !isOwn(address)).slice(0, peersMax);
  }

  async #peersOf(source: PeerSource): Promise<FoundPeer[]> {
    if (source.kind === 'dns') {
      const hosts = await this.#resolve(source.name);
      return hosts.map((host) => peerAt({ host, port: source.port }));
    }
    const { address } = source;
    if (isIP(address.host) !== 0) return [peerAt(address)];
    const [host] = await this.#resolve(address.host);
    return host === undefined ? [] : [{ name: peerName(address), address: { host, port: address.port } }];
  }

  async #resolve(name: string): Promise<readonly string[]> {
    try {
      const addresses = await this.#options.resolve(name);
      this.#unknown.delete(name);
      return addresses;
    } catch (cause) {
      if (!this.#unknown.has(name)) {
        this.#options.onProblem(
          new Error(`The peers "${name}" cannot be looked up. They are left out.`, { cause }),
        );
      }
      this.#unknown.add(name);
      return [];
    }
  }
}

function peerAt(address: PeerAddress): FoundPeer {
  return { name: peerName(address), address };
}
