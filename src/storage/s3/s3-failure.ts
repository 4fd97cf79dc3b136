import { StorageError } from '../object-store.ts';
import type { S3Location } from './s3-location.ts';
import { s3Url } from './s3-location.ts';

/** What the server, the network or the client library said when a request failed. */
interface S3Failure {
  /** The code of S3, or of the operating system, or the name of the error. */
  readonly code: string;
  /** The HTTP status; undefined where no answer came. */
  readonly status: number | undefined;
  readonly message: string;
  /** The region that the server names as the right one. */
  readonly region: string | undefined;
}

/**
 * What a failure means to a request about an object:
 * - `absent`: there is no such object. `range`: it has no such bytes.
 * - `unmet`: a condition did not hold, and nothing was written.
 * - `contended`: another write of the same object was under way; nothing was written, and it can be tried again.
 * - `uncertain`: the request may have been carried out or not.
 * - `hopeless`: it was not, and will not be, until somebody changes something.
 */
export type FailureKind = 'absent' | 'range' | 'unmet' | 'contended' | 'uncertain' | 'hopeless';

export function failureKind(error: unknown): FailureKind {
  const { code, status } = failureOf(error);
  // Not every 404: what is no S3 server answers so, too.
  if (code === 'NoSuchKey') return 'absent';
  if (status === 416) return 'range';
  if (status === 412) return 'unmet';
  if (code === 'ConditionalRequestConflict' || code === 'OperationAborted') return 'contended';
  if (isUncertain(error)) return 'uncertain';
  return 'hopeless';
}

/** True when the server did not look at a request because the clocks differ. The library has learnt the difference then. */
export function isClockSkew(error: unknown): boolean {
  return ['RequestTimeTooSkewed', 'RequestInTheFuture'].includes(failureOf(error).code);
}

/** What a failed request becomes for the callers of a store. `action` is what was tried, such as `read "a/b"`. */
export function storageErrorFrom(error: unknown, action: string, location: S3Location): StorageError {
  if (error instanceof StorageError) return error;
  const failure = failureOf(error);
  const advice =
    adviceByCode(failure, location) ??
    (isUncertain(error) ? unavailableAdvice(failure, location) : refusedAdvice(failure, location));
  return new StorageError(advice.code, `Cannot ${action}: ${advice.words}`, { cause: error });
}

/** The error for an answer that no S3 server gives. */
export function notLikeS3(location: S3Location): StorageError {
  return new StorageError(
    'storage/location-invalid',
    `${serverOf(location)} does not answer like S3. Check endpoint= in the store's URL.`,
  );
}

interface Advice {
  readonly code: StorageError['code'];
  readonly words: string;
}

function adviceByCode({ code, region, message }: S3Failure, location: S3Location): Advice | undefined {
  const server = serverOf(location);
  switch (code) {
    case 'NoSuchBucket':
      return {
        code: 'storage/not-found',
        words: `${server} has no bucket "${location.bucket}". Correct its name, or make it: mic store init "${s3Url(location)}"`,
      };
    case 'CredentialsProviderError':
    case 'TokenProviderError':
      return {
        code: 'storage/denied',
        words: `there are no credentials for ${server} (${sentence(message)}). Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile: profile=NAME in the store's URL, or AWS_PROFILE.`,
      };
    case 'InvalidAccessKeyId':
      return {
        code: 'storage/denied',
        words: `${server} does not know this access key. Check AWS_ACCESS_KEY_ID, or the profile, and that they are meant for this server.`,
      };
    case 'SignatureDoesNotMatch':
      return {
        code: 'storage/denied',
        words: `${server} does not accept the secret key. Check AWS_SECRET_ACCESS_KEY, or the profile.`,
      };
    case 'ExpiredToken':
    case 'ExpiredTokenException':
    case 'InvalidToken':
      return {
        code: 'storage/denied',
        words: `the credentials for ${server} are over. Sign in again, or renew AWS_SESSION_TOKEN.`,
      };
    case 'RequestTimeTooSkewed':
    case 'RequestInTheFuture':
      return {
        code: 'storage/denied',
        words: `the clock of this machine and that of ${server} differ too much. Set this machine's clock right.`,
      };
    case 'PermanentRedirect':
    case 'TemporaryRedirect':
    case 'Redirect':
    case 'AuthorizationHeaderMalformed':
    case 'IllegalLocationConstraintException':
      return {
        code: 'storage/location-invalid',
        words: `the bucket "${location.bucket}" lies in another region${region === undefined ? '' : `, ${region}`}. Put region=${region ?? 'REGION'} into the store's URL.`,
      };
    case 'MethodNotAllowed':
    case 'NotImplemented':
      return {
        code: 'storage/unsuitable',
        words: `${server} does not know this kind of request (${code}). Micelio needs conditional writes; "mic store check" tells what a server lacks.`,
      };
    default:
      return undefined;
  }
}

function unavailableAdvice({ code, status, message }: S3Failure, location: S3Location): Advice {
  const server = serverOf(location);
  const words = (what: string): Advice => ({ code: 'storage/unavailable', words: what });
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return words(
        `the name of ${server} is not found. Check the network, and endpoint= in the store's URL.`,
      );
    case 'ECONNREFUSED':
      return words(`nothing answers at ${server}. Is it running, and is endpoint= in the store's URL right?`);
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
      return words(`${server} cannot be reached (${code}). Check the network.`);
    case 'SlowDown':
    case 'ServiceUnavailable':
    case 'TooManyRequestsException':
      return words(`${server} has too much to do (${code}). Try again later, or with fewer at once.`);
    default:
      return words(
        status === undefined
          ? `the connection to ${server} broke (${code}: ${sentence(message)}). Try again.`
          : `${server} failed (${status} ${code}). Try again; if it stays, look at the server.`,
      );
  }
}

function refusedAdvice({ code, status, message }: S3Failure, location: S3Location): Advice {
  const server = serverOf(location);
  if (isDistrusted(code)) {
    return {
      code: 'storage/denied',
      words: `the certificate of ${server} is not trusted (${code}). Name the file of its authority in NODE_EXTRA_CA_CERTS.`,
    };
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL')) {
    return {
      code: 'storage/location-invalid',
      words: `${server} speaks no TLS. Write http:// in the endpoint, or correct its port.`,
    };
  }
  if (/region is missing/i.test(message) && status === undefined) {
    return {
      code: 'storage/location-invalid',
      words: `no region is named. Put region=REGION into the store's URL, or set AWS_REGION.`,
    };
  }
  if (status === 403 || status === 401) {
    return {
      code: 'storage/denied',
      words: `${server} does not allow it for the bucket "${location.bucket}" (${code}). Check the credentials, and that they may read, write, list and delete there.`,
    };
  }
  if (status === 404 || status === undefined || status < 400) {
    return {
      code: 'storage/location-invalid',
      words: `${server} does not answer like S3 (${status ?? 'no status'}, ${code}: ${sentence(message)}). Check endpoint= in the store's URL.`,
    };
  }
  return {
    code: 'storage/denied',
    words: `${server} refused it (${status} ${code}: ${sentence(message)}).`,
  };
}

/** How people know the server. */
function serverOf({ endpoint }: S3Location): string {
  return endpoint ?? 'the S3 server';
}

/** A text of others as a part of a sentence of ours. */
function sentence(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 200).replace(/\.$/, '');
}

function failureOf(error: unknown): S3Failure {
  const { code, Code, name, message, $metadata, $response, Region, Endpoint } = (
    typeof error === 'object' && error !== null ? error : {}
  ) as Readonly<Record<string, unknown>>;
  const status = field($metadata, 'httpStatusCode') ?? field($response, 'statusCode');
  const headers = field($response, 'headers');
  const region = Region ?? field(headers, 'x-amz-bucket-region') ?? regionOf(Endpoint);
  // The library calls an error by its S3 code, and keeps those of the operating system in `code`.
  const known = [Code, isSystemCode(code) ? code : undefined, name, code].find(
    (one) => typeof one === 'string',
  );
  return {
    code: (known as string | undefined) ?? 'Error',
    status: typeof status === 'number' ? status : undefined,
    message: typeof message === 'string' ? message : String(error),
    region: typeof region === 'string' ? region : undefined,
  };
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** The region in a host name of AWS, which a redirect may name. */
function regionOf(endpoint: unknown): string | undefined {
  return typeof endpoint === 'string' ? /\bs3[.-]([a-z0-9-]+)\.amazonaws\b/.exec(endpoint)?.[1] : undefined;
}

function isSystemCode(code: unknown): boolean {
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code);
}

function isDistrusted(code: string): boolean {
  return /CERT|UNABLE_TO_|SELF_SIGNED/.test(code);
}

const uncertainCodes: readonly string[] = [
  'TimeoutError',
  'AbortError',
  'RequestTimeout',
  'RequestTimeoutException',
  'SlowDown',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_SOCKET_CONNECTION_TIMEOUT',
];
const certainSystemCodes: readonly string[] = ['EPROTO'];

function isUncertain(error: unknown): boolean {
  const { code, status } = failureOf(error);
  if (uncertainCodes.includes(code)) return true;
  // No answer at all, or one that broke off.
  if (/^HPE_|^E[A-Z]+$|^EAI_/.test(code)) return !certainSystemCodes.includes(code);
  if (status !== undefined && status !== 200)
    return (status >= 500 && status !== 501) || status === 429 || status === 408;
  // An answer that began well and cannot be understood.
  return status === 200;
}
