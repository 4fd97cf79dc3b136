import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillNpmCache, makeNpmProject } from '../../test/mount/npm-project.ts';
import { run } from '../measure.ts';
import { projectFiles, type Scale } from './groups.ts';

const filesPerDirectory = 100;
const clonedFiles = 5000;
/** Not ours: hooks, signatures, and a collection of garbage in the background, which would be in the way of ours. */
const settings = ['core.hooksPath=/dev/null', 'commit.gpgsign=false', 'gc.auto=0', 'maintenance.auto=false'];
const git = [...settings, 'user.name=b', 'user.email=b@b'].flatMap((setting) => ['-c', setting]);

/**
 * Makes the project that is mounted: many small files, and a repository that has them. `.git` would not be imported, so
 * it has another name.
 */
export function makeProject(directory: string, scale: Scale): void {
  const tree = join(directory, 'tree');
  writeFiles(tree, projectFiles(scale));
  commit(tree);
  cpSync(join(tree, '.git'), join(directory, 'repository.git'), { recursive: true });
  rmSync(join(tree, '.git'), { recursive: true });
}

/** Makes what the guest reads from elsewhere. */
export function makeSources(directory: string, scale: Scale): void {
  const files = join(directory, 'files');
  writeFiles(files, Math.round(clonedFiles * scale));
  commit(files);
  run('git', ['clone', '-q', '--bare', files, join(directory, 'clone.git')]);
  const npm = join(directory, 'npm');
  makeNpmProject(npm);
  const lack = fillNpmCache(npm);
  if (lack !== undefined) throw new Error(lack);
}

function writeFiles(directory: string, count: number): void {
  for (let i = 0; i < count; i++) {
    const below = join(directory, `d${Math.floor(i / filesPerDirectory)}`);
    if (i % filesPerDirectory === 0) mkdirSync(below, { recursive: true });
    writeFileSync(join(below, `file-${i}.txt`), `This is file ${i}.\n`.repeat(10 + (i % 80)));
  }
}

function commit(directory: string): void {
  run('git', [...git, 'init', '-q', '-b', 'main', directory]);
  run('git', [...git, '-C', directory, 'add', '-A']);
  run('git', [...git, '-C', directory, 'commit', '-q', '-m', 'files']);
  run('git', [...git, '-C', directory, 'gc', '-q']);
}
