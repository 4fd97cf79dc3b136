import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Downloads the sources of Debian packages into `directory`, where `dpkg-source -x` finds them, from where this machine
 * has its packages. Its own lists stay as they are. Throws when they cannot be had.
 */
export function downloadDebianSources(directory: string, packages: readonly string[]): void {
  const [parts, lists] = [join(directory, 'parts'), join(directory, 'lists')];
  mkdirSync(parts, { recursive: true });
  mkdirSync(join(lists, 'partial'), { recursive: true });
  const installed = '/etc/apt/sources.list.d';
  for (const name of readdirSync(installed).filter((file) => file.endsWith('.sources'))) {
    const text = readFileSync(join(installed, name), 'utf8').replace(/^Types:.*$/gm, 'Types: deb-src');
    writeFileSync(join(parts, name), text);
  }
  const places = ['SourceList=/dev/null', `SourceParts=${parts}`].map((place) => `Dir::Etc::${place}`);
  const options = [...places, `Dir::State::Lists=${lists}`].flatMap((option) => ['-o', option]);
  aptGet([...options, 'update'], directory);
  aptGet([...options, 'source', '--download-only', ...packages], directory);
}

function aptGet(args: readonly string[], cwd: string): void {
  const { status, stderr } = spawnSync('apt-get', ['-qq', ...args], { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`apt-get ended with ${status}: ${stderr}`);
}
