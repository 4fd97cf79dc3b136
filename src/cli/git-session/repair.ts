import { resolve } from 'node:path';
import { repairWorkspaces } from '../../app/hub/repair.ts';
import { Git } from '../../git/git-process.ts';
import type { Answer, CommandContext } from '../command.ts';
import { columns } from '../wording.ts';

export async function repairInHub(
  { environment, directory }: CommandContext,
  hub: string | undefined,
): Promise<Answer> {
  const place = hub === undefined ? undefined : resolve(directory, hub);
  const repaired = await repairWorkspaces(new Git(environment), directory, place);
  const rows = repaired.workspaces.map(({ was, slug, directory: path }) => [
    was === 'repaired' ? 'repaired' : 'was right',
    slug,
    path,
  ]);
  return {
    json: repaired,
    text: rows.length === 0 ? `${repaired.hub} has no workspaces here.` : columns(rows),
  };
}
