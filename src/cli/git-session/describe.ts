import type { HubSessions, PlacedGitSession } from '../../app/hub/hub-sessions.ts';
import type { HubSession } from '../../app/hub/survey.ts';
import type { RefName } from '../../git/refs.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { Answer } from '../command.ts';
import { reportNotes } from '../provision/describe-steps.ts';
import { agentName, counted, moment } from '../wording.ts';
import { arrivedNotes, takenNotes } from './travelling-words.ts';

/** A session of a hub as `--json` prints it. */
export function summaryJson({ slug, state, claim, standing }: HubSession) {
  return {
    slug,
    state,
    agent: claim?.agent ?? null,
    machine: claim?.machine ?? null,
    claimedMs: claim?.claimedMs ?? null,
    renewedMs: claim?.renewedMs ?? null,
    leaseMs: claim?.leaseMs ?? null,
    claim: standing.standing,
  };
}

/** Who has a session, since when, and whether it may be taken over. */
export function claimWords({ claim, standing }: HubSession): string {
  if (claim === undefined) return 'nobody has it';
  const lease = leaseWords(standing);
  return `${agentName(claim.agent)} on ${claim.machine}, since ${moment(claim.claimedMs)}, ${lease}`;
}

function leaseWords(standing: HubSession['standing']): string {
  if (standing.standing !== 'held') return 'lapsed: it may be taken over';
  const { goodForMs, lapsesInMs } = standing;
  if (goodForMs > 0) return `good for ${minutes(Math.min(goodForMs, lapsesInMs))} more`;
  return `not renewed in time: it may be taken over in ${minutes(lapsesInMs)}, if it is not until then`;
}

function minutes(ms: number): string {
  return counted(Math.max(1, Math.ceil(ms / 60_000)), 'minute');
}

/** What `start`, `claim` and `restore` say of the session that they leave. */
export function placedAnswer(
  sessions: HubSessions,
  slug: Slug,
  placed: PlacedGitSession | undefined,
  more: { readonly notes?: readonly string[]; readonly earlier?: readonly RefName[] } = {},
): Answer {
  const directory = placed?.workspace.directory;
  const lines = [`Session:   ${slug}`];
  if (directory !== undefined) {
    lines.push(
      `Workspace: ${directory}`,
      `Branch:    ${placed!.workspace.record.branch}`,
      `Next:      cd ${shellWord(directory)} && . ./.session-env`,
      `Then:      work and commit; "mic session complete" puts it on ${sessions.mainBranch}`,
    );
  } else lines.push(`Next:      mic session path ${slug}, for a workspace on this machine`);
  return {
    json: {
      slug,
      state: 'active',
      workspace: directory ?? null,
      kind: placed?.workspace.record.kind ?? null,
      branch: `session/${slug}`,
      base: placed?.workspace.record.base ?? null,
      submodules: placed?.materialised?.submodules ?? [],
      earlier: more.earlier ?? [],
    },
    text: lines.join('\n'),
    notes: [
      ...(more.notes ?? []),
      ...placedNotes(placed),
      ...takenNotes(sessions.takenFrom(slug)),
      ...(placed === undefined ? [] : arrivedNotes(slug, placed)),
      ...(more.earlier ?? []).map((ref) => `Earlier work is kept as ${ref}: git diff HEAD ${ref}`),
    ],
  };
}

/** What a workspace got, and did not get, besides its files. */
export function placedNotes(placed: PlacedGitSession | undefined): string[] {
  const { materialised, provisioned } = placed ?? {};
  const notes = provisioned === undefined ? [] : reportNotes(provisioned);
  if (materialised?.largeFiles === 'pointers')
    notes.push(
      'Large files are pointers: git-lfs is not installed, or could not fetch them ("git lfs pull").',
    );
  if ((materialised?.emptySubmodules.length ?? 0) > 0)
    notes.push(`Submodules left empty: ${materialised!.emptySubmodules.join(', ')}`);
  return notes;
}

/** A path as a shell takes it for one word. */
export function shellWord(path: string): string {
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
