import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { ConfigurationError } from './configuration-error.ts';

/** What stands between this process and a remote store. */
export interface TierSettings {
  /** The directory for what can be had again, such as what is kept of remote stores; absolute. */
  readonly cache: string;
  /** How many bytes of the disk what is kept of all remote stores may take; 0 for none. */
  readonly cacheBytes: number;
  /** Undefined where there are none, and none is served. */
  readonly peers: PeerSettings | undefined;
}

/** The other servers that give each other what they keep. Texts are parsed by who uses them. */
export interface PeerSettings {
  /** Where the others are, as `parsePeerSources` reads it; empty for nowhere. */
  readonly found: string;
  /** Where mic-fs listens for them; undefined when it does not. */
  readonly listen: string | undefined;
  /** Reads the secret that all of them share. Throws `configuration/invalid` where there is none. */
  readonly readToken: () => string;
}

/** What the configuration file may say of tiers. */
export const tierSchema = {
  cacheBytes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  peers: v.optional(
    v.strictObject({
      found: v.optional(v.string()),
      listen: v.optional(v.string()),
      tokenFile: v.optional(v.string()),
    }),
  ),
};
const tierFileSchema = v.object(tierSchema);

const cacheBytesDefault = 2 * 1024 ** 3;

/**
 * Reads the settings of tiers: `MICELIO_CACHE_BYTES`, `MICELIO_PEERS`, `MICELIO_PEERS_LISTEN`, `MICELIO_PEERS_TOKEN` and
 * `MICELIO_PEERS_TOKEN_FILE`, then the file. Throws `configuration/invalid`.
 */
export function tierSettings(
  environment: Readonly<Record<string, string | undefined>>,
  file: v.InferOutput<typeof tierFileSchema>,
  cache: string,
): TierSettings {
  const found = environment.MICELIO_PEERS ?? file.peers?.found ?? '';
  const listen = environment.MICELIO_PEERS_LISTEN ?? file.peers?.listen;
  const token = environment.MICELIO_PEERS_TOKEN;
  const tokenFile = environment.MICELIO_PEERS_TOKEN_FILE ?? file.peers?.tokenFile;
  const readToken = (): string => token ?? readTokenFile(tokenFile);
  const bytes = environment.MICELIO_CACHE_BYTES;
  return {
    cache,
    cacheBytes: bytes === undefined ? (file.cacheBytes ?? cacheBytesDefault) : byteCount(bytes),
    peers: found === '' && listen === undefined ? undefined : { found, listen, readToken },
  };
}

function byteCount(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new ConfigurationError(
    'configuration/invalid',
    `MICELIO_CACHE_BYTES is "${text}", which is no number of bytes. Write digits only, such as 2147483648, or 0 to keep nothing.`,
  );
}

function readTokenFile(path: string | undefined): string {
  if (path === undefined) {
    throw new ConfigurationError(
      'configuration/invalid',
      'Peers are configured, but no token that they share. Write one into a file and name that in MICELIO_PEERS_TOKEN_FILE, or as "tokenFile" of "peers" in config.json.',
    );
  }
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new ConfigurationError(
      'configuration/invalid',
      `The token of the peers cannot be read from "${path}". Make it readable, or correct MICELIO_PEERS_TOKEN_FILE.`,
      { cause },
    );
  }
}
