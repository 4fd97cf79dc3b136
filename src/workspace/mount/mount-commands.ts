import type { ServedPath } from './file-server-port.ts';

/** A program and its arguments. */
export type CommandWords = readonly [program: string, ...words: string[]];

/**
 * How long a client believes what it knows of a file, in seconds, before it asks again. Opening a file always asks, so
 * this bounds how long another client's change stays unseen by `stat` and `ls`. Every second more saves a request a
 * file in repeated walks, such as those of `git status`; less than one cannot be said.
 */
const attributeSeconds = { least: 1, most: 3 };

/** What every client needs: version 3 on one TCP port, and waiting for a server that is being restarted. */
function commonOptions(port: number): string[] {
  return ['vers=3', `port=${port}`, `mountport=${port}`, 'hard'];
}

/** A server run by a user must not be able to make anybody root: what it says of set-user-id bits and devices is void. */
const harmless = ['nosuid', 'nodev'];

/**
 * Options of Linux, nfs(5). Locks stay on this machine (`nolock`: there is no lock service). No protocol besides NFS
 * and MOUNT is asked for (`noacl`). The client may use any port of its own (`noresvport`): those that are reserved for
 * root run out with many mounts, and prove nothing. A mount that fails says so at once (`retry=0`, minutes). The client
 * remembers which names are not there only as long as the directory's attributes (`lookupcache=all`, its default).
 */
function linuxOptions(port: number): string[] {
  const { least, most } = attributeSeconds;
  return [
    ...commonOptions(port),
    'proto=tcp',
    'mountproto=tcp',
    'nolock',
    'noacl',
    'noresvport',
    'retry=0',
    `acregmin=${least}`,
    `acregmax=${most}`,
    `acdirmin=${least}`,
    `acdirmax=${most}`,
    ...harmless,
  ];
}

/**
 * Options of macOS, mount_nfs(8): `locallocks` as above; names that are not there are not remembered at all
 * (`nonegnamecache`), since this client keeps them for long; and Finder does not show every session (`nobrowse`).
 */
function macOptions(port: number): string[] {
  const { least, most } = attributeSeconds;
  return [
    ...commonOptions(port),
    'tcp',
    'locallocks',
    'noresvport',
    'nonegnamecache',
    'retrycnt=0',
    `acregmin=${least}`,
    `acregmax=${most}`,
    `acdirmin=${least}`,
    `acdirmax=${most}`,
    ...harmless,
    'nobrowse',
  ];
}

/** The command that mounts `served` on `directory`. Elsewhere than on macOS it is that of Linux. */
export function mountCommand(
  platform: NodeJS.Platform,
  served: ServedPath,
  directory: string,
  access: 'read-write' | 'read-only' = 'read-write',
): CommandWords {
  const options = platform === 'darwin' ? macOptions(served.port) : linuxOptions(served.port);
  const all = access === 'read-only' ? [...options, 'ro'] : options;
  const host = served.host.includes(':') ? `[${served.host}]` : served.host;
  return ['mount', '-t', 'nfs', '-o', all.join(','), `${host}:${served.path}`, directory];
}

/** The command that unmounts `directory`; `detach` does it while something still uses it. */
export function unmountCommand(
  platform: NodeJS.Platform,
  directory: string,
  way: 'gently' | 'detach',
): CommandWords {
  if (way === 'gently') return ['umount', directory];
  return platform === 'darwin' ? ['umount', '-f', directory] : ['umount', '-l', directory];
}

/** A command as it is typed into a shell. */
export function shellLine(words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
