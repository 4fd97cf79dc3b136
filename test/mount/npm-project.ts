import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
/** What it takes to build this project; the rest of its development dependencies would only take longer. */
const needed = ['@types/node', 'commander', 'ignore', 'lru-cache', 'typescript', 'valibot'];

interface LockedPackage {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Makes a TypeScript project of this project's sources in `directory`, with a lock file that `npm ci` takes. */
export function makeNpmProject(directory: string): void {
  mkdirSync(directory, { recursive: true });
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const packages: Record<string, LockedPackage> = lock.packages;
  const kept = closure(packages, needed);
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const wanted = Object.entries<string>({ ...dependencies, ...devDependencies });
  const project = {
    name: 'built-on-a-mount',
    version: '1.0.0',
    type: 'module',
    dependencies: Object.fromEntries(wanted.filter(([name]) => needed.includes(name))),
  };
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  writeFileSync(join(directory, 'package.json'), json(project));
  writeFileSync(
    join(directory, 'package-lock.json'),
    json({ ...lock, name: project.name, version: project.version, packages: { '': project, ...kept } }),
  );
  for (const name of ['tsconfig.json', 'tsconfig.build.json', 'src']) {
    cpSync(join(root, name), join(directory, name), { recursive: true });
  }
}

/** Fills npm's cache with what the project in `directory` needs. Says why not, where it can't. */
export function fillNpmCache(directory: string): string | undefined {
  const args = ['ci', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status, stderr, error } = spawnSync('npm', args, { cwd: directory, encoding: 'utf8' });
  rmSync(join(directory, 'node_modules'), { recursive: true, force: true });
  return status === 0 ? undefined : `npm cannot have its packages: ${error?.message ?? stderr.slice(-500)}`;
}

/** The packages of a lock file that some need, with their own. */
function closure(
  packages: Readonly<Record<string, LockedPackage>>,
  names: readonly string[],
): Record<string, LockedPackage> {
  const kept: Record<string, LockedPackage> = {};
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const path = `node_modules/${name}`;
    const found = packages[path];
    if (found === undefined || path in kept) continue;
    kept[path] = found;
    waiting.push(...Object.keys({ ...found.dependencies, ...found.optionalDependencies }));
  }
  return kept;
}
