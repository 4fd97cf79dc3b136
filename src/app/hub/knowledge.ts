import type { ObjectId } from '../../git/object-id.ts';
import type { TreeFileEdit } from '../../ledger/git/ledger-draft.ts';
import { planName } from '../../session/plan/record-files.ts';
import { isKnowledgeSlug, parseSlug, type Slug } from '../../session/plan/slug.ts';
import type { TreePath } from '../../tree/path.ts';
import type { HubSessions } from './hub-sessions.ts';
import { fileAt } from './session-changes.ts';
import { readSessionTemplate, renderKnowledgePlan } from './session-templates.ts';

/** A planned session that merges what another one has learned into the knowledge of all. */
export interface KnowledgeSession {
  readonly slug: Slug;
  readonly edits: readonly TreeFileEdit[];
}

/** Where a session writes what it has learned, from the top of the repository. */
export function learningsPath(sessions: HubSessions, slug: Slug): TreePath {
  return `${sessions.ledger.hub.layout.root}/knowledge/sessions/${slug}/learnings.md` as TreePath;
}

/** The session that is to merge what `slug` has learned, as of `commit`; undefined where it has learned nothing. */
export async function knowledgeSession(
  sessions: HubSessions,
  slug: Slug,
  commit: ObjectId,
): Promise<KnowledgeSession | undefined> {
  if (isKnowledgeSlug(slug)) return undefined;
  const path = learningsPath(sessions, slug);
  if ((await fileAt(sessions.hub, commit, path)) === undefined) return undefined;
  const date = new Date(sessions.surroundings.clock.now()).toISOString().slice(0, 10);
  const topic = slug.slice('YYYY-MM-DD-'.length);
  const merging = parseSlug(`kb-${date}-merge-${topic}`.slice(0, 200).replace(/-+$/, ''));
  const { layout } = sessions.ledger.hub;
  const template = await readSessionTemplate(sessions.ledger, 'knowledgePlan');
  const plan = renderKnowledgePlan(template, {
    ...{ slug: merging, source: slug, topic: topic.replaceAll('-', ' '), learnings: path },
    createdMs: sessions.surroundings.clock.now(),
  });
  const file = `${layout.session('planned', merging)}/${planName}` as TreePath;
  // One that is there already, from a landing that was interrupted, stays as it is.
  return { slug: merging, edits: [{ path: file, change: (before) => before ?? Buffer.from(plan) }] };
}
