import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
/** Dependencies that the sources do not import, and that would only take longer. */
const tools = ['@biomejs/biome', 'fast-check', 'knip', 'node', 'rolldown'];
/**
 * The rooms whose sources, with what they import, are built: a program of a user-mode guest may use some 250 MiB, for
 * each of its pages is a mapping of the host's, which allows a process 65,530 (vm.max_map_count).
 */
const rooms = ['merge', 'nfs', 'vfs'];
const buildConfiguration = {
  extends: './tsconfig.json',
  compilerOptions: {
    noEmit: false,
    rootDir: 'src',
    declaration: true,
    sourceMap: true,
    rewriteRelativeImportExtensions: true,
  },
  include: rooms.map((room) => `src/${room}`),
  exclude: ['src/**/*.test.ts', 'src/**/*fixtures.ts', 'src/**/fuzz/**'],
};

interface LockedPackage {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Makes a TypeScript project of this project's sources in `directory`, with a lock file that `npm ci` takes. */
export function makeNpmProject(directory: string): void {
  mkdirSync(directory, { recursive: true });
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const packages: Record<string, LockedPackage> = lock.packages;
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const dependencies = Object.fromEntries(
    Object.entries<string>(manifest.devDependencies).filter(([name]) => !tools.includes(name)),
  );
  const kept = closure(packages, Object.keys(dependencies));
  const project = {
    name: 'built-on-a-mount',
    version: '1.0.0',
    type: 'module',
    dependencies,
  };
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  writeFileSync(join(directory, 'package.json'), json(project));
  writeFileSync(
    join(directory, 'package-lock.json'),
    json({ ...lock, name: project.name, version: project.version, packages: { '': project, ...kept } }),
  );
  writeFileSync(join(directory, 'tsconfig.build.json'), json(buildConfiguration));
  for (const name of ['tsconfig.json', 'src']) {
    cpSync(join(root, name), join(directory, name), { recursive: true });
  }
}

/** Fills npm's cache with what the project in `directory` needs. Says why not, where it can't. */
export function fillNpmCache(directory: string): string | undefined {
  const args = ['ci', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status, stderr, error } = spawnSync('npm', args, { cwd: directory, encoding: 'utf8' });
  rmSync(join(directory, 'node_modules'), { recursive: true, force: true });
  return status === 0 ? undefined : `npm cannot have its packages: ${error?.message ?? stderr.slice(0, 500)}`;
}

/** The packages of a lock file that some need, with their own. */
function closure(
  packages: Readonly<Record<string, LockedPackage>>,
  names: readonly string[],
): Record<string, LockedPackage> {
  const kept: Record<string, LockedPackage> = {};
  const waiting = names.map((name) => `node_modules/${name}`);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const found = packages[path];
    if (found === undefined || path in kept) continue;
    kept[path] = found;
    for (const name of Object.keys({ ...found.dependencies, ...found.optionalDependencies })) {
      waiting.push(installed(packages, path, name));
    }
  }
  return kept;
}

/** Where a package finds one that it needs: in the nearest node_modules around it, as Node looks it up. */
function installed(packages: Readonly<Record<string, LockedPackage>>, from: string, name: string): string {
  let around = from;
  while (around !== '' && !(`${around}/node_modules/${name}` in packages)) {
    around = around.slice(0, Math.max(0, around.lastIndexOf('/node_modules/')));
  }
  return `${around === '' ? '' : `${around}/`}node_modules/${name}`;
}
