import { globSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type OutputChunk, type Plugin, rolldown } from 'rolldown';

/**
 * Builds what is published of the sources, with the libraries that they use, into few files: a command then loads some
 * hundred where it would load several hundred, and whoever installs the package gets nothing but the package
 * (docs/decisions/0014-one-package.md).
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const sources = join(root, 'src');
const dist = join(root, 'dist');

/** What is run by its name: the programs by `bin/run.mjs`, the workers by those who start them. */
const entries = [
  'cli/main.ts',
  'cli/commands.ts',
  'cli/mic-fs.ts',
  ...globSync('**/*-worker.ts', { cwd: sources }),
];

/** Lets `require`, with which sources load a library when it is needed, be the bundler's, which brings the library along. */
const lazyLibraries: Plugin = {
  name: 'lazy-libraries',
  transform: {
    filter: { id: /[\\/]src[\\/].*\.ts$/, code: 'createRequire' },
    handler(code, id) {
      const bundled = code.replace(/^const require = createRequire\(import\.meta\.url\);$/m, '');
      if (bundled.includes('createRequire('))
        throw new Error(
          `${id} loads what would not be in the package: call what createRequire returns "require".`,
        );
      return { code: bundled, map: null };
    },
  },
};

/** What nunjucks would watch files with, which it is never asked to. */
const neverLoaded = ['chokidar'];

await build();

/** Throws where something would have to be there at run time that is not in the package. */
async function build(): Promise<void> {
  rmSync(dist, { recursive: true, force: true });
  const bundle = await rolldown({
    cwd: root,
    input: entries.map((entry) => join(sources, entry)),
    platform: 'node',
    plugins: [lazyLibraries],
    // Modules that are loaded by some at once and by others later are simply there at once.
    checks: { ineffectiveDynamicImport: false },
  });
  const { output } = await bundle.write({
    // All code is in one directory, two deep as the sources are (`src/base/package-root.ts`).
    dir: join(dist, 'code'),
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  });
  await bundle.close();
  const chunks = output.filter((file) => file.type === 'chunk');
  requireWhole(chunks);
  writeFileSync(join(dist, 'LIBRARIES.txt'), licensesOf(chunks));
}

function requireWhole(chunks: readonly OutputChunk[]): void {
  const own = new Set(chunks.map(({ fileName }) => fileName));
  const missing = chunks.flatMap(({ fileName, imports, dynamicImports, code }) => {
    const required = [...code.matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name!);
    return [...imports, ...dynamicImports, ...required]
      .filter((name) => !own.has(name) && !isBuiltin(name) && !neverLoaded.includes(name))
      .map((name) => `${fileName} imports ${name}`);
  });
  if (missing.length > 0) throw new Error(`The package would not be whole:\n${missing.join('\n')}`);
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

/** What the licenses of the libraries ask for: their texts, each below the names of those that it is of. */
function licensesOf(chunks: readonly OutputChunk[]): string {
  const libraryPath = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/;
  const directories = new Set(
    chunks.flatMap(({ moduleIds }) => moduleIds.flatMap((id) => libraryPath.exec(id)?.[0] ?? [])),
  );
  const libraries = [...directories].map((directory) => {
    const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;
    const { name, version, license } = manifest;
    const file = readdirSync(directory).find((entry) => /^licen[cs]e([-.]\w+)*$/i.test(entry));
    const text = file === undefined ? undefined : readFileSync(join(directory, file), 'utf8').trim();
    return { title: `${name} ${version} (${license})`, license, text };
  });
  const textOf = ({ title, license, text }: (typeof libraries)[number]): string => {
    // Of the packages of one house not all come with the text.
    const found =
      text ?? libraries.find((other) => other.license === license && license === 'Apache-2.0')?.text;
    if (found === undefined) throw new Error(`${title} comes without the text of its license.`);
    return found;
  };
  const parts = Map.groupBy(libraries, textOf)
    .entries()
    .map(([text, of]) => {
      const titles = of.map(({ title }) => title).sort();
      return [...titles, '', text].join('\n').trim();
    });
  const line = `\n\n${'-'.repeat(80)}\n\n`;
  return `Micelio is published with these libraries inside.${line}${[...parts].sort().join(line)}\n`;
}
