import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { folderOfState } from '../../ledger/git/layout.ts';
import { fileEdit, type SessionFileEdit } from '../../ledger/git/session-moves.ts';
import { planName } from '../../session/plan/record-files.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { HubSessions } from './hub-sessions.ts';

/**
 * Brings to main what somebody has edited in a session's folder where main is checked out: such files would be left behind
 * when the folder moves. Of a session that is at work, only its plan is looked at by others, and nothing is taken.
 */
export async function takeAlongEdits(sessions: HubSessions, slug: Slug): Promise<void> {
  const { hub } = sessions.ledger;
  const { state } = await sessions.ledger.session(slug);
  if (state !== 'drafting' && state !== 'planned') return;
  const folder = hub.layout.session(folderOfState(state), slug);
  const known = await sessions.ledger.folder(slug);
  for (const { directory } of await hub.checkouts()) {
    const files: SessionFileEdit[] = [];
    for (const [path, onMain] of known) {
      const edited = readFile(join(directory, folder, path));
      if (edited !== undefined && !edited.equals(onMain)) files.push(fileEdit(path, edited));
    }
    if (files.length === 0) continue;
    const message = files.some(({ path }) => path === planName) ? 'docs: write the plan' : 'docs: edit';
    await sessions.ledger.edit({ slug, by: sessions.surroundings.agent, message, files });
  }
}

/** Undefined for what is no file. */
function readFile(path: string): Buffer | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isFile() === true ? readFileSync(path) : undefined;
}
