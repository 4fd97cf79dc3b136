import { existsSync, readFileSync } from 'node:fs';

/** What is mounted somewhere, as the operating system tells it. */
export interface MountedPath {
  readonly directory: string;
  /** What is mounted there: `127.0.0.1:/exports/sessions/…`. */
  readonly source: string;
}

/** What `/proc/self/mountinfo` of Linux says (proc(5)): later lines lie over earlier ones. */
export function parseMountInfo(text: string): MountedPath[] {
  return text.split('\n').flatMap((line) => {
    const [before, behind] = line.split(' - ');
    const directory = before?.split(' ')[4];
    const source = behind?.split(' ')[1];
    return directory === undefined || source === undefined
      ? []
      : [{ directory: unescaped(directory), source: unescaped(source) }];
  });
}

/** What `mount` of macOS prints: `SOURCE on DIRECTORY (nfs, …)`. */
export function parseMountOutput(text: string): MountedPath[] {
  return text.split('\n').flatMap((line) => {
    const [, source, directory] = /^(.+?) on (.+) \([^()]*\)$/.exec(line) ?? [];
    return directory === undefined || source === undefined ? [] : [{ directory, source }];
  });
}

/** Everything that is mounted here; nothing where the operating system does not say. */
export async function readMountTable(platform: NodeJS.Platform): Promise<MountedPath[]> {
  if (platform === 'darwin') {
    const { execFileSync } = await import('node:child_process');
    return parseMountOutput(execFileSync('/sbin/mount', { encoding: 'utf8' }));
  }
  const file = '/proc/self/mountinfo';
  return existsSync(file) ? parseMountInfo(readFileSync(file, 'utf8')) : [];
}

/** What lies topmost on the path to `directory`. */
export function mountOf(table: readonly MountedPath[], directory: string): MountedPath | undefined {
  const above = table.filter(
    (mounted) =>
      mounted.directory === '/' ||
      directory === mounted.directory ||
      directory.startsWith(`${mounted.directory}/`),
  );
  return above.reduce<MountedPath | undefined>(
    (inner, mounted) =>
      inner === undefined || mounted.directory.length >= inner.directory.length ? mounted : inner,
    undefined,
  );
}

/** The host and the session of a source, where it is a session of a file server. */
export function servedSource(source: string): { host: string; session: string } | undefined {
  const [, host, session] = /^\[?([^\]/]+)\]?:\/exports\/sessions\/([^/]+)\/[^/]+$/.exec(source) ?? [];
  return host === undefined || session === undefined ? undefined : { host, session };
}

/** Blanks, tabs, line ends and backslashes stand there as their octal numbers. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
