import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isS3Url, parseS3Location, s3Url } from '../storage/s3/s3-location.ts';
import { ConfigurationError } from './configuration-error.ts';

/**
 * Where a store is, as configuration, workspaces and exports remember it: an absolute path or an `s3://` URL, which
 * never holds a secret. `text` may also be a `file://` URL, or a path from `directory`. Equal stores have equal
 * locations. Throws `configuration/invalid` and `storage/location-invalid`.
 */
export function parseStoreLocation(text: string, directory: string): string {
  if (isS3Url(text)) return s3Url(parseS3Location(text));
  if (text.startsWith('file://')) return resolve(directoryOfUrl(text));
  if (/^[a-z0-9]+:\/\//i.test(text)) {
    throw new ConfigurationError(
      'configuration/invalid',
      `The store "${text}" is of a kind that this version does not know. Name a directory, or s3://BUCKET.`,
    );
  }
  return resolve(directory, text);
}

/** True for a text that `parseStoreLocation` may have answered. */
export function isStoreLocation(text: string): boolean {
  return isAbsolute(text) || isS3Url(text);
}

function directoryOfUrl(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw new ConfigurationError(
      'configuration/invalid',
      `The store "${url}" names no directory of this machine. Write its path, or file:///PATH.`,
      { cause },
    );
  }
}
