import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lack } from './needs.ts';

const manifest = fileURLToPath(new URL('../package.json', import.meta.url));

/** The oldest Node.js that the package says it runs on, which npm brings into `scratch`; `lack` says why there is none. */
export function oldestNode(scratch: string): { readonly path: string; readonly lack: Lack } {
  const { engines } = JSON.parse(readFileSync(manifest, 'utf8')) as { engines: { node: string } };
  const major = /^>=(\d+)$/.exec(engines.node)![1]!;
  const name = `node-${process.platform}-${process.arch}`;
  const args = ['install', '--no-save', '--silent', '--prefer-offline', `--prefix=${scratch}`];
  const { status } = spawnSync('npm', [...args, `${name}@${major}`], { cwd: scratch, stdio: 'inherit' });
  const path = join(scratch, 'node_modules', name, 'bin/node');
  if (status !== 0) return { path, lack: `npm cannot have ${name}@${major}` };
  const version = execFileSync(path, ['--version'], { encoding: 'utf8' });
  return { path, lack: version.startsWith(`v${major}.`) ? undefined : `it is ${version}` };
}
