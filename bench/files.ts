import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Real text to cut files from, so that they compress as files of a project do. */
function corpus(): Buffer {
  const root = fileURLToPath(new URL('../node_modules', import.meta.url));
  const pieces: Buffer[] = [];
  let size = 0;
  for (const path of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!/\.(js|ts|mjs|cjs|json|md)$/.test(path) || size > 32 * 1024 * 1024) continue;
    const bytes = readFileSync(join(root, path), { flag: 'r' });
    pieces.push(bytes);
    size += bytes.length;
  }
  return Buffer.concat(pieces);
}

/**
 * Makes `count` files of `bytes` bytes in all below `directory`, in directories of 50: sizes from a tenth to twenty
 * times the mean, as in source trees, every file different. Always the same files.
 */
export function makeFiles(directory: string, count: number, bytes: number): void {
  if (existsSync(directory)) throw new Error(`${directory} exists`);
  const text = corpus();
  let seed = 12345;
  const random = (): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return seed / 0x7fffffff;
  };
  const weights = Array.from({ length: count }, () =>
    Math.exp(1.2 * (random() + random() + random() - 1.5) * 2),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  for (let i = 0; i < count; i++) {
    const folder = join(directory, `package-${Math.floor(i / 2500)}`, 'src', `module-${Math.floor(i / 50)}`);
    if (i % 50 === 0) mkdirSync(folder, { recursive: true });
    const size = Math.min(Math.round((weights[i]! / total) * bytes), text.length - 64);
    const start = Math.floor(random() * (text.length - size));
    const head = Buffer.from(`// file ${i}\n`);
    writeFileSync(join(folder, `file-${i}.ts`), Buffer.concat([head, text.subarray(start, start + size)]));
  }
}
