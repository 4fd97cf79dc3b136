import { deepenSession, syncSession } from '../../app/hub/sync-session.ts';
import type { Answer, CommandContext } from '../command.ts';
import { askSession, withSession } from './open-hub.ts';

export function syncInHub(
  context: CommandContext,
  name: string | undefined,
  method: 'merge' | 'rebase',
): Promise<Answer> {
  return askSession(context, name, async (sessions, slug) => {
    const synced = await syncSession(sessions, slug, method);
    const main = sessions.mainBranch;
    if (synced.outcome === 'conflict') {
      const next = method === 'merge' ? `git commit -m "[${slug}] merge: ${main}"` : 'git rebase --continue';
      const lines = [
        `${main} and the session changed the same places. Resolve them in the workspace, "git add" them, then: ${next}`,
        ...synced.paths.map((path) => `  ${path}`),
      ];
      return {
        json: { slug, synced: false, conflicts: synced.paths },
        text: lines.join('\n'),
        exit: 'conflict',
      };
    }
    if (synced.outcome === 'under way') {
      const { operation, paths } = synced;
      const resolve = paths.length === 0 ? 'Go on with it' : 'Resolve these, "git add" them, and go on';
      const lines = [
        `A ${operation} is under way in the workspace, so ${main} was not brought in. ${resolve}: git ${operation} --continue. To give it up: git ${operation} --abort.`,
        ...paths.map((path) => `  ${path}`),
      ];
      return {
        json: { slug, synced: false, conflicts: paths, underWay: operation },
        text: lines.join('\n'),
        exit: 'conflict',
      };
    }
    const isNew = synced.outcome === 'synced';
    return {
      json: { slug, synced: isNew, conflicts: [] },
      text: isNew ? `${method === 'merge' ? 'Merged' : 'Rebased on'} ${main}.` : `Up to date with ${main}.`,
    };
  });
}

export function deepenInHub(
  context: CommandContext,
  name: string | undefined,
  commits: number | 'all',
): Promise<Answer> {
  return withSession(context, name, async (sessions, slug) => {
    await deepenSession(sessions, slug, commits);
    return { json: { slug, commits }, text: '' };
  });
}
