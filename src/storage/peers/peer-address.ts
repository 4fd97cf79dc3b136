import { isIP, isIPv6 } from 'node:net';
import { StorageError } from '../object-store.ts';

/** Where a peer listens. */
export interface PeerAddress {
  /** An IP address, or a host's name. */
  readonly host: string;
  readonly port: number;
}

/** Where peers are looked for: one address, or all addresses that a DNS name has at the moment. */
export type PeerSource =
  | { readonly kind: 'address'; readonly address: PeerAddress }
  | { readonly kind: 'dns'; readonly name: string; readonly port: number };

const namePattern = /^[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?$/i;

/**
 * Reads a list of peers, separated by commas: `host:port`, `[IPv6]:port`, and `dns:name:port` for all addresses of a name.
 * Throws `storage/peers-invalid`.
 */
export function parsePeerSources(text: string): PeerSource[] {
  const parts = text.split(',').map((part) => part.trim());
  return parts.filter((part) => part !== '').map(parseSource);
}

/** Reads `host:port` or `[IPv6]:port`; throws `storage/peers-invalid`. */
export function parsePeerAddress(text: string): PeerAddress {
  const [, v6, host = v6, portText] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(portText);
  const isHost = v6 === undefined ? namePattern.test(host ?? '') : isIPv6(v6);
  if (host === undefined || !isHost || !(port >= 1 && port <= 65_535)) {
    throw new StorageError(
      'storage/peers-invalid',
      `"${text}" is no address of a peer. Write host:port, [IPv6 address]:port, or dns:name:port.`,
    );
  }
  return { host, port };
}

/** The address as `parsePeerAddress` reads it. */
export function peerName({ host, port }: PeerAddress): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

function parseSource(text: string): PeerSource {
  if (!text.startsWith('dns:')) return { kind: 'address', address: parsePeerAddress(text) };
  const { host, port } = parsePeerAddress(text.slice('dns:'.length));
  if (isIP(host) === 0) return { kind: 'dns', name: host, port };
  return { kind: 'address', address: { host, port } };
}
