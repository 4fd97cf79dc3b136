import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Builds and packs the package as it would be published, unpacks it below `scratch`, and returns its directory. */
export function publishedPackage(scratch: string): string {
  const name = execFileSync('npm', ['pack', '--silent', `--pack-destination=${scratch}`], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // Where npm would put it, and without all that a checkout has around it.
  const directory = join(scratch, 'node_modules', 'micelio');
  mkdirSync(directory, { recursive: true });
  const archive = join(scratch, name.trim().split('\n').at(-1)!);
  execFileSync('tar', ['-xzf', archive, '--strip-components=1', '-C', directory]);
  return directory;
}
