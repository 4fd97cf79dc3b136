import { isKeySegment, StorageError } from '../object-store.ts';

/** Where a store lies on S3: what its URL says, and never a secret. */
export interface S3Location {
  readonly bucket: string;
  /** In front of every key: empty, or segments that each end with `/`. */
  readonly prefix: string;
  /** The server, where it is not that of AWS or of the environment. */
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  /** The profile in the AWS configuration files that has the credentials. */
  readonly profile: string | undefined;
  /** `path`: the bucket is the first segment of the path. `host`: it stands in front of the name of the server. */
  readonly addressing: 'path' | 'host';
}

const scheme = 's3://';
const parameters = ['endpoint', 'region', 'profile', 'pathStyle'];
const bucketPattern = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** Largest prefix in characters: together with a key (512) it stays below the 1,024 bytes that S3 allows. */
const prefixLengthMax = 256;

/** True for a text that `parseS3Location` is meant for. */
export function isS3Url(text: string): boolean {
  return text.toLowerCase().startsWith(scheme);
}

/**
 * Reads `s3://bucket/prefix?endpoint=…&region=…&profile=…&pathStyle=…`. With an endpoint the bucket goes into the path
 * unless `pathStyle=false`, since only large services have a name for each bucket. Throws `storage/location-invalid`.
 */
export function parseS3Location(text: string): S3Location {
  const url = urlOf(text);
  if (url.username !== '' || url.password !== '') {
    throw invalid(
      'a store URL must not hold credentials. Put them into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or into a profile',
    );
  }
  for (const name of url.searchParams.keys()) {
    if (!parameters.includes(name)) {
      throw invalid(
        `"${name}" is no setting of a store. There are ${parameters.join(', ')}; credentials come from the environment or a profile`,
      );
    }
  }
  if (url.port !== '' || url.hash !== '' || !bucketPattern.test(url.hostname)) {
    throw invalid(
      `"${url.host}${url.hash}" cannot name a bucket: use 3 to 63 of a-z, 0-9, "." and "-" (the server goes into endpoint=)`,
    );
  }
  const endpoint = endpointOf(url.searchParams.get('endpoint'));
  return {
    bucket: url.hostname,
    prefix: prefixOf(url.pathname),
    endpoint,
    region: nameIn(url, 'region'),
    profile: nameIn(url, 'profile'),
    addressing: addressingOf(url.searchParams.get('pathStyle'), endpoint),
  };
}

/** The one URL of a location: equal locations have equal URLs. */
export function s3Url({ bucket, prefix, endpoint, region, profile, addressing }: S3Location): string {
  const isUsual = addressing === (endpoint === undefined ? 'host' : 'path');
  const pathStyle = isUsual ? undefined : String(addressing === 'path');
  const query = Object.entries({ endpoint, region, profile, pathStyle })
    .filter((pair): pair is [string, string] => pair[1] !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(value).replace(/%3A/g, ':').replace(/%2F/g, '/')}`);
  const path = prefix === '' ? '' : `/${prefix.slice(0, -1)}`;
  return `${scheme}${bucket}${path}${query.length === 0 ? '' : `?${query.join('&')}`}`;
}

function urlOf(text: string): URL {
  const url = isS3Url(text) ? URL.parse(text) : null;
  if (url === null) throw invalid('it is no URL of the form s3://BUCKET/PREFIX');
  return url;
}

function prefixOf(pathname: string): string {
  const path = pathname.replace(/^\/+|\/+$/g, '');
  if (path === '') return '';
  if (path.length > prefixLengthMax || !path.split('/').every(isKeySegment)) {
    throw invalid(
      `"${path.slice(0, 100)}" cannot stand in front of keys: use segments of letters, digits, ".", "_" and "-", none of them beginning with ".", ${prefixLengthMax} characters in all`,
    );
  }
  return `${path}/`;
}

function endpointOf(text: string | null): string | undefined {
  if (text === null) return undefined;
  const url = URL.parse(text);
  const isPlain = url !== null && url.username === '' && url.password === '' && url.search + url.hash === '';
  if (!isPlain || !/^https?:$/.test(url.protocol)) {
    throw invalid('its endpoint must be http://HOST:PORT or https://HOST, without credentials');
  }
  return text.replace(/\/+$/, '');
}

function nameIn(url: URL, parameter: string): string | undefined {
  const value = url.searchParams.get(parameter);
  if (value === null) return undefined;
  if (!/^[\w .@+-]{1,128}$/.test(value)) throw invalid(`"${value.slice(0, 100)}" is no ${parameter}`);
  return value;
}

function addressingOf(pathStyle: string | null, endpoint: string | undefined): S3Location['addressing'] {
  if (pathStyle === null) return endpoint === undefined ? 'host' : 'path';
  if (pathStyle === 'true') return 'path';
  if (pathStyle === 'false') return 'host';
  throw invalid(`pathStyle is true or false, and not "${pathStyle.slice(0, 20)}"`);
}

/** The text of a wrong URL is not repeated: it may hold a secret. */
function invalid(reason: string): StorageError {
  return new StorageError('storage/location-invalid', `The store's URL is not usable: ${reason}.`);
}
