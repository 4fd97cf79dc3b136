import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readBehind } from '../../git/behind-note.ts';
import type { Checkout } from '../../git/checkouts.ts';
import type { ObjectId } from '../../git/object-id.ts';
import { readBranch } from '../../git/refs.ts';
import type { Hub } from '../../ledger/git/hub.ts';
import { folderOfState } from '../../ledger/git/layout.ts';
import type { SessionFileEdit } from '../../ledger/git/session-moves.ts';
import { planName } from '../../session/plan/record-files.ts';
import type { Slug } from '../../session/plan/slug.ts';
import { HubError } from './hub-error.ts';
import type { HubSessions } from './hub-sessions.ts';
import { fileAt } from './session-changes.ts';

/**
 * Brings to main what somebody has edited in a session's folder where main is checked out: such files would be left behind
 * when the folder moves. Of a session that is at work, only its plan is looked at by others, and nothing is taken. An edit is
 * what differs from the commit that the checkout is at: one that is behind has older files, and edits of nobody. Throws
 * `session/edited-apart` where a file was edited here and changed on main.
 */
export async function takeAlongEdits(sessions: HubSessions, slug: Slug): Promise<void> {
  const { hub } = sessions.ledger;
  const { state } = await sessions.ledger.session(slug);
  if (state !== 'drafting' && state !== 'planned') return;
  const folder = hub.layout.session(folderOfState(state), slug);
  const known = await sessions.ledger.folder(slug);
  for (const checkout of await hub.checkouts()) {
    const files: SessionFileEdit[] = [];
    const at = await commitOf(hub, checkout);
    for (const [path, onMain] of known) {
      const edited = readFile(join(checkout.directory, folder, path));
      if (edited === undefined || edited.equals(onMain)) continue;
      const before = at && (await fileAt(hub.repository, at, `${folder}/${path}`));
      if (before?.equals(edited) === true) continue;
      files.push({
        path,
        change: (now) => {
          const isAsBefore = before === undefined ? now === undefined : now?.equals(before) === true;
          if (isAsBefore || now?.equals(edited) === true) return edited;
          throw editedApart(sessions, join(checkout.directory, folder, path));
        },
      });
    }
    if (files.length === 0) continue;
    const message = files.some(({ path }) => path === planName) ? 'docs: write the plan' : 'docs: edit';
    await sessions.ledger.edit({ slug, by: sessions.surroundings.agent, message, files });
  }
}

/** The commit of main that the files of a checkout are of; undefined where main had none. */
async function commitOf({ repository, main }: Hub, checkout: Checkout): Promise<ObjectId | undefined> {
  return (await readBehind(checkout))?.at ?? (await readBranch(repository, main));
}

function editedApart({ ledger }: HubSessions, file: string): HubError {
  return new HubError(
    'session/edited-apart',
    `"${file}" was edited here, and something else has changed it on ${ledger.hub.main} of ${ledger.authority} since. Nothing was changed now. See what it is there ("mic hub sync" brings it), put into the file what it should say, or take the edit back with git; then do this again.`,
  );
}

/** Undefined for what is no file. */
function readFile(path: string): Buffer | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isFile() === true ? readFileSync(path) : undefined;
}
