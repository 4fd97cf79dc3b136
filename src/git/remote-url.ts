import { withoutCredentials } from './redaction.ts';
import type { Remote } from './remote.ts';
import { gitArguments } from './repository.ts';

/** The URLs that git fetches from and pushes to, as git itself works them out; none where there is no such remote. */
export async function urlsOf({ repository, name }: Remote): Promise<readonly string[]> {
  const urls = new Set<string>();
  for (const which of [['--all'], ['--push', '--all']]) {
    const args = gitArguments(repository, ['remote', 'get-url', ...which, '--', name]);
    const { exitCode, stdout } = await repository.git.attempt(args);
    if (exitCode !== 0) return [];
    for (const url of stdout.toString('utf8').split('\n')) if (url !== '') urls.add(url);
  }
  return [...urls];
}

/** Where the repository's own configuration has credentials of a remote in plain text: `remote.origin.url`. */
export async function exposedCredentials(remote: Remote): Promise<readonly string[]> {
  const { repository, name } = remote;
  const exposed: string[] = [];
  // What `insteadOf` puts in front of a URL counts as well, wherever that is said.
  if ((await urlsOf(remote)).some(hasCredentials)) exposed.push(`remote.${name}.url`);
  const list = ['config', '--local', '--includes', '--null', '--get-regexp', '^http\\..*extraheader$'];
  const { stdout } = await repository.git.attempt(gitArguments(repository, list));
  for (const record of stdout.toString('utf8').split('\0')) {
    const end = record.indexOf('\n');
    if (end > 0 && /authorization|token|cookie/i.test(record.slice(end))) {
      exposed.push(withoutCredentials(record.slice(0, end)));
    }
  }
  return exposed;
}

/**
 * Whether a URL has a password or a token in it. A name alone is none, as in `ssh://git@host`, unless it is long and
 * looks like one: some services take a token for a name.
 */
export function hasCredentials(url: string): boolean {
  if (withoutCredentials(url).includes('=…')) return true;
  const [, scheme, person] = /^(\w[\w+.-]*):\/\/([^\s/]*)@/.exec(url) ?? [];
  if (scheme === undefined || person === undefined) return false;
  if (person.includes(':')) return !person.endsWith(':') || hasCredentials(url.replace(':@', '@'));
  return /^https?$/.test(scheme) && /^(?=.*\d)[\w-]{20,}$/.test(person);
}
