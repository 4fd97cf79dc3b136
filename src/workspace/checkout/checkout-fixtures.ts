import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Hash } from '../../base/hash.ts';
import { buildTree } from '../../tree/build.ts';
import type { Entry } from '../../tree/entry.ts';
import { ancestorsOf, pathFromText, type TreePath } from '../../tree/path.ts';
import { memoryContent, temporaryDirectory } from '../fixtures.ts';
import type { ProjectContent } from '../project-content.ts';
import { type Checkout, createCheckout } from './checkout.ts';

/** For tests: a tree, from paths and what is there, in the notation of `described`. Directories above are made. */
export async function treeOf(content: ProjectContent, files: Record<string, string>): Promise<Hash> {
  const batch = await content.blobs.openBatch();
  const entries = new Map<TreePath, Entry>();
  for (const [text, what] of Object.entries(files)) {
    const path = pathFromText(text);
    for (const directory of ancestorsOf(path)) {
      if (!entries.has(directory)) entries.set(directory, { type: 'directory', mode: 0o755 });
    }
    const mode = Number.parseInt(what, 8);
    if (what.startsWith('-> ')) {
      const target = Buffer.from(what.slice(3), 'latin1');
      entries.set(path, { type: 'symlink', size: target.length, hash: batch.add(target) });
    } else if (what.startsWith('@')) entries.set(path, { type: 'gitlink', commit: what.slice(1) });
    else if (what.endsWith('/') && /^[0-7]+\/$/.test(what)) entries.set(path, { type: 'directory', mode });
    else {
      const bytes = Buffer.from(what.slice(what.indexOf(' ') + 1), 'latin1');
      entries.set(path, { type: 'file', mode, size: bytes.length, hash: batch.add(bytes) });
    }
  }
  const tree = buildTree({ add: (bytes) => batch.add(bytes, 'node') }, entries);
  await batch.flush();
  return tree;
}

/** For tests: what is on disk below a directory, in the notation of `described`, without the marker. */
export function onDisk(root: string, below = ''): Record<string, string> {
  const result: Record<string, string> = {};
  for (const name of readdirSync(join(root, below)).sort()) {
    const path = below === '' ? name : `${below}/${name}`;
    if (path === '.micelio-session') continue;
    const status = lstatSync(join(root, path));
    const mode = (status.mode & 0o777).toString(8);
    if (status.isSymbolicLink()) result[path] = `-> ${readlinkSync(join(root, path))}`;
    else if (status.isDirectory()) {
      result[path] = `${mode}/`;
      Object.assign(result, onDisk(root, path));
    } else result[path] = `${mode} ${readFileSync(join(root, path), 'latin1')}`;
  }
  return result;
}

export interface TestCheckout {
  readonly content: ProjectContent;
  readonly tree: Hash;
  readonly checkout: Checkout;
  readonly root: string;
  /** The path of something in the checkout. */
  readonly at: (path: string) => string;
}

/** For tests: a checkout of these files, which goes with the test. */
export async function checkoutOf(context: TestContext, files: Record<string, string>): Promise<TestCheckout> {
  const content = memoryContent();
  const tree = await treeOf(content, files);
  const root = join(temporaryDirectory(context), 'workspace');
  const checkout = await createCheckout(content, root, tree, { session: 'test' });
  return { content, tree, checkout, root, at: (path) => join(root, path) };
}
