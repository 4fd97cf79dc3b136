import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Where a package was installed: its own directory, and the one with the links to its programs. */
export interface InstalledPackage {
  readonly directory: string;
  readonly links: string;
}

/** Builds and packs the package as it would be published, and installs it below `scratch` as users do, without a network. */
export function publishedPackage(scratch: string): InstalledPackage {
  const npm = (args: readonly string[]): string =>
    execFileSync('npm', [...args, '--silent'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  const name = npm(['pack', `--pack-destination=${scratch}`])
    .trim()
    .split('\n')
    .at(-1)!;
  npm(['install', '--global', `--prefix=${scratch}`, '--offline', join(scratch, name)]);
  return { directory: join(scratch, 'lib/node_modules/micelio'), links: join(scratch, 'bin') };
}
