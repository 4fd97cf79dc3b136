import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join, relative } from 'node:path';

/** What Debian's package `user-mode-linux` installs. */
const installedModules = '/usr/lib/uml/modules';
const installedKernel = '/usr/bin/linux.uml';
/** What the guest loads, each with what it depends on. */
const moduleNames = ['overlay', 'loop', 'nfsv3'];
const insideFiles = ['init.sh', 'boot.sh', 'agent.py'];

/**
 * The directory with what a guest needs besides the kernel: the modules in the order to load them, the shim, compiled,
 * and the scripts that run inside. Made once, in the user's cache directory, under a name made of the content.
 */
export function preparedDirectory(): string {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'micelio', 'nfs-guest');
  const prepared = join(cache, contentKey());
  if (existsSync(prepared)) return prepared;
  mkdirSync(cache, { recursive: true });
  const building = mkdtempSync(join(cache, 'building-'));
  try {
    prepareModules(building);
    prepareShim(building);
    for (const name of insideFiles)
      copyFileSync(join(import.meta.dirname, 'inside', name), join(building, name));
    moveInto(building, prepared);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
  return prepared;
}

function contentKey(): string {
  const hash = createHash('sha256');
  for (const name of ['prepared.ts', 'shim.c', ...insideFiles.map((file) => join('inside', file))]) {
    hash.update(readFileSync(join(import.meta.dirname, name)));
  }
  const { size, mtimeMs } = statSync(installedKernel);
  hash.update(`${kernelVersion()} ${size} ${mtimeMs}`);
  return hash.digest('hex').slice(0, 16);
}

function kernelVersion(): string {
  const version = readdirSync(installedModules).sort().at(-1);
  if (version === undefined) throw new Error(`There are no kernel modules in ${installedModules}`);
  return version;
}

function prepareModules(directory: string): void {
  const version = kernelVersion();
  const target = join(directory, 'lib', 'modules', version);
  cpSync(join(installedModules, version), target, { recursive: true });
  // A distribution that has /lib in /usr/lib looks there.
  mkdirSync(join(directory, 'usr'));
  symlinkSync('../lib', join(directory, 'usr', 'lib'));
  run('depmod', ['-b', directory, version]);
  const insertions = moduleNames.flatMap((name) =>
    Array.from(
      run('modprobe', ['-d', directory, '-S', version, '--show-depends', name]).matchAll(/^insmod (\S+)/gm),
      ([, path]) => relative(directory, path!),
    ),
  );
  writeFileSync(join(directory, 'load-order'), [...new Set(insertions), ''].join('\n'));
}

function prepareShim(directory: string): void {
  const source = join(import.meta.dirname, 'shim.c');
  run('gcc', ['-O2', '-shared', '-fPIC', '-o', join(directory, 'shim.so'), source, '-ldl']);
}

/** Two processes may prepare at once: the first one's directory stays. */
function moveInto(building: string, prepared: string): void {
  try {
    renameSync(building, prepared);
  } catch (error) {
    if (!existsSync(prepared)) throw error;
  }
}

function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}
