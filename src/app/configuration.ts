import { readFileSync } from 'node:fs';
import { homedir, hostname, userInfo } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import * as v from 'valibot';
import type { Agent } from '../session/session.ts';
import { ConfigurationError } from './configuration-error.ts';
import { type LeaseSettings, leaseEntries, leaseSettings } from './lease-settings.ts';
import { parseStoreLocation } from './store-location.ts';
import { type TierSettings, tierSchema, tierSettings } from './tier-settings.ts';
import { findMarker, type WorkspaceMarker } from './workspace-marker.ts';

/** Environment variables, as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** All that Micelio reads from its surroundings, read once. */
export interface Configuration {
  /** The workspace that the command was called in. */
  readonly workspace: WorkspaceMarker | undefined;
  /** Where the store is: an absolute path, or an `s3://` URL. */
  readonly store: string;
  /** What stands in front of a remote store. */
  readonly tiers: TierSettings;
  /** The directory in which the cost of commands in requests is noted, absolute; undefined where it is not to be. */
  readonly requestTally: string | undefined;
  /** The project to use where none is named. */
  readonly project: string | undefined;
  readonly agent: Agent;
  /** Where workspaces are made, absolute. */
  readonly workspaces: string;
  /** Days that a removed session is kept. */
  readonly keepDays: number;
  readonly fileServer: FileServerSettings;
}

/** How the file server of this user runs, and how what it serves is mounted. */
export interface FileServerSettings {
  /** Where it keeps what it needs for itself, absolute. */
  readonly state: string;
  /** Where it keeps what was changed in mounted sessions, absolute. */
  readonly overlays: string;
  /** As in `Configuration`. */
  readonly tiers: TierSettings;
  readonly requestTally: string | undefined;
  /** The user's directory for files that do not outlive a login, absolute; undefined where the system has none. */
  readonly runtime: string | undefined;
  /** The address that it listens on. */
  readonly host: string;
  /** The port that it must use; left out, it chooses one and stays with it. */
  readonly port: number | undefined;
  /** What to put in front of `mount` and `umount` where this process is not root, such as `sudo -n`. */
  readonly mountWith: readonly string[];
  readonly lease: LeaseSettings;
}

const fileSchema = v.strictObject({
  store: v.optional(v.string()),
  project: v.optional(v.string()),
  workspaces: v.optional(v.string()),
  keepDays: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  requestTally: v.optional(v.boolean()),
  ...tierSchema,
  agent: v.optional(v.object({ name: v.string(), email: v.string() })),
  fs: v.optional(
    v.strictObject({
      host: v.optional(v.string()),
      port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535))),
      mountWith: v.optional(v.array(v.string())),
      ...leaseEntries,
    }),
  ),
});
type ConfigurationFile = v.InferOutput<typeof fileSchema>;

const keepDaysDefault = 30;
const loopback = '127.0.0.1';

/**
 * Reads the configuration for a command called in `directory`: environment variables first (`MICELIO_STORE`,
 * `MICELIO_PROJECT`, `MICELIO_WORKSPACES`, `MICELIO_AGENT_NAME`, `MICELIO_AGENT_EMAIL`, `MICELIO_FS_HOST`,
 * `MICELIO_FS_PORT`, `MICELIO_REQUEST_TALLY`, and those of `tierSettings` and `leaseSettings`), then the workspace around it, then `micelio/config.json` in the XDG
 * configuration directory, then the defaults. An empty variable counts as none. Throws `configuration/invalid` for a file that cannot be understood,
 * and as `findMarker` and `parseStoreLocation` do.
 */
export function readConfiguration(variables: Environment, directory: string): Configuration {
  const environment = withoutEmpty(variables);
  const workspace = findMarker(directory);
  const home = environment.HOME ?? homedir();
  const file = readConfigurationFile(configurationPath(environment, home));
  const data = join(xdgDirectory(environment.XDG_DATA_HOME, home, '.local/share'), 'micelio');
  return {
    workspace,
    store: parseStoreLocation(
      environment.MICELIO_STORE ?? workspace?.store ?? file.store ?? join(data, 'store'),
      directory,
    ),
    tiers: tierSettings(environment, file, cacheDirectory(environment, home)),
    requestTally: requestTally(environment, home, file),
    project: environment.MICELIO_PROJECT ?? file.project,
    agent: {
      name:
        environment.MICELIO_AGENT_NAME ??
        environment.GIT_AUTHOR_NAME ??
        file.agent?.name ??
        userInfo().username,
      email:
        environment.MICELIO_AGENT_EMAIL ??
        environment.GIT_AUTHOR_EMAIL ??
        file.agent?.email ??
        defaultEmail(),
    },
    workspaces: resolve(environment.MICELIO_WORKSPACES ?? file.workspaces ?? join(data, 'workspaces')),
    keepDays: file.keepDays ?? keepDaysDefault,
    fileServer: fileServerSettings(environment, home, file),
  };
}

/** The part of the configuration that needs no look at the directory of the command. Throws `configuration/invalid`. */
export function readFileServerSettings(variables: Environment): FileServerSettings {
  const environment = withoutEmpty(variables);
  const home = environment.HOME ?? homedir();
  return fileServerSettings(environment, home, readConfigurationFile(configurationPath(environment, home)));
}

function fileServerSettings(
  environment: Environment,
  home: string,
  file: ConfigurationFile,
): FileServerSettings {
  const { fs = {} } = file;
  const runtime = environment.XDG_RUNTIME_DIR;
  return {
    state: join(stateDirectory(environment, home), 'mic-fs'),
    tiers: tierSettings(environment, file, cacheDirectory(environment, home)),
    requestTally: requestTally(environment, home, file),
    overlays: join(xdgDirectory(environment.XDG_DATA_HOME, home, '.local/share'), 'micelio', 'mounts'),
    runtime: runtime !== undefined && isAbsolute(runtime) ? runtime : undefined,
    host: environment.MICELIO_FS_HOST ?? fs.host ?? loopback,
    port: environment.MICELIO_FS_PORT === undefined ? fs.port : portNumber(environment.MICELIO_FS_PORT),
    mountWith: fs.mountWith ?? [],
    lease: leaseSettings(environment, fs),
  };
}

function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new ConfigurationError(
    'configuration/invalid',
    `MICELIO_FS_PORT is "${text}", which is no port. Give a number from 1 to 65535, or unset it.`,
  );
}

function requestTally(environment: Environment, home: string, file: ConfigurationFile): string | undefined {
  const setting = environment.MICELIO_REQUEST_TALLY;
  if (setting !== undefined && setting !== 'on' && setting !== 'off') {
    throw new ConfigurationError(
      'configuration/invalid',
      `MICELIO_REQUEST_TALLY is "${setting}". Set it to on or off, or unset it.`,
    );
  }
  if (setting === 'off' || (setting === undefined && file.requestTally === false)) return undefined;
  return join(stateDirectory(environment, home), 'requests');
}

function stateDirectory(environment: Environment, home: string): string {
  return join(xdgDirectory(environment.XDG_STATE_HOME, home, '.local/state'), 'micelio');
}

function cacheDirectory(environment: Environment, home: string): string {
  return join(xdgDirectory(environment.XDG_CACHE_HOME, home, '.cache'), 'micelio');
}

/** Where the configuration file is looked for. */
function configurationPath(environment: Environment, home: string): string {
  return join(xdgDirectory(environment.XDG_CONFIG_HOME, home, '.config'), 'micelio', 'config.json');
}

function readConfigurationFile(path: string): ConfigurationFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new ConfigurationError(
      'configuration/invalid',
      `${path} cannot be read. Make it readable, or remove it.`,
      { cause },
    );
  }
  try {
    return v.parse(fileSchema, JSON.parse(text));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigurationError(
      'configuration/invalid',
      `${path} is not understood: ${reason}. Correct it, or remove it.`,
      { cause },
    );
  }
}

function withoutEmpty(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
}

/** The XDG base directory specification: a relative path in one of its variables is ignored. */
function xdgDirectory(value: string | undefined, home: string, fallback: string): string {
  return value !== undefined && isAbsolute(value) ? value : join(home, fallback);
}

function defaultEmail(): string {
  return `${userInfo().username}@${hostname()}`;
}
