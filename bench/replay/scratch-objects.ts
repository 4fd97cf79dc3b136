import { copyFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Git } from '../../src/git/git-process.ts';
import { openRepository, type Repository } from '../../src/git/repository.ts';
import { type GitContext, gitOutput } from './git-process.ts';

/** A place for the objects that git's merges make, beside a repository that stays as it is. */
export interface ScratchObjects {
  /** The repository, with new objects going to the scratch place. */
  readonly context: GitContext;
  /** A repository that has the objects of both. */
  readonly repository: Repository;
}

/** Makes such a place in the directory `scratch`, which is empty. */
export async function scratchObjects(context: GitContext, scratch: string): Promise<ScratchObjects> {
  const inRepository = async (name: string) =>
    resolve(
      context.repository,
      (await gitOutput(context, ['rev-parse', '--git-path', name])).toString().trim(),
    );
  const format = (await gitOutput(context, ['rev-parse', '--show-object-format'])).toString().trim();
  const git = new Git(context.environment);
  await git.run(['init', '--quiet', '--bare', `--object-format=${format}`, scratch]);
  const own = await inRepository('objects');
  const more = context.environment.GIT_ALTERNATE_OBJECT_DIRECTORIES?.split(':') ?? [];
  const alternates = [own, ...more].filter(Boolean);
  const objects = join(scratch, 'objects');
  await writeFile(join(objects, 'info', 'alternates'), alternates.map((path) => `${path}\n`).join(''));
  // Where a history was cut off is not written into its commits.
  await copyFile(await inRepository('shallow'), join(scratch, 'shallow')).catch(ignoreAbsent);
  return {
    context: {
      ...context,
      environment: {
        ...context.environment,
        GIT_DIR: (await gitOutput(context, ['rev-parse', '--absolute-git-dir'])).toString().trim(),
        GIT_OBJECT_DIRECTORY: objects,
        GIT_ALTERNATE_OBJECT_DIRECTORIES: alternates.join(':'),
      },
    },
    repository: await openRepository(git, scratch),
  };
}

function ignoreAbsent(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
