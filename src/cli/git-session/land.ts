import {
  type Completion,
  type CompletionRequest,
  completeSession,
  landSession,
} from '../../app/hub/complete.ts';
import type { HubSessions } from '../../app/hub/hub-sessions.ts';
import { pushMain } from '../../app/hub/push-main.ts';
import type { ObjectId } from '../../git/object-id.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { Answer, CommandContext } from '../command.ts';
import { checkoutNotes, checkoutsJson, finishedNotes, shortName } from '../hub/describe-sync.ts';
import { withOwnSession } from './open-hub.ts';
import { leftShellLines, removedJson, removedLines } from './removed-words.ts';

/** `mic land`: what there is so far. */
export function landInHub(
  context: CommandContext,
  name: string | undefined,
  message: string | undefined,
): Promise<Answer> {
  return withOwnSession(context, name, async (sessions, slug) => {
    const landed = await landSession(sessions, { slug, message });
    if (landed.outcome === 'conflict') return conflictAnswer(sessions, slug, landed);
    const { commit, overridden, checkouts } = landed;
    const lines =
      commit === undefined
        ? [`${slug} has no changes that ${sessions.mainBranch} does not have.`]
        : [`Landed ${slug} on ${sessions.mainBranch} as ${commit}. The session goes on.`];
    lines.push(...overriddenLines(overridden));
    return {
      json: {
        slug,
        outcome: 'landed',
        commit: commit ?? null,
        overridden,
        checkouts: checkoutsJson(checkouts),
      },
      text: lines.join('\n'),
      notes: [...checkoutNotes(checkouts), ...unusedMessageNotes(commit, message)],
    };
  });
}

export interface CompletionWords extends Omit<CompletionRequest, 'slug'> {
  readonly push: boolean;
}

/** `mic session complete`. */
export function completeInHub(
  context: CommandContext,
  name: string | undefined,
  { push, ...words }: CompletionWords,
): Promise<Answer> {
  return withOwnSession(context, name, async (sessions, slug) => {
    const done = await completeSession(sessions, { slug, ...words });
    if (done.outcome === 'conflict') return conflictAnswer(sessions, slug, done);
    const { commit, overridden, checkouts, knowledgeSession, workspace } = done;
    const lines = [
      commit === undefined
        ? `Completed ${slug}, which had nothing more to land.`
        : `Completed ${slug}: its changes are on ${sessions.mainBranch}, as ${commit}.`,
    ];
    lines.push(...overriddenLines(overridden));
    if (knowledgeSession !== undefined) lines.push(`Planned ${knowledgeSession}, to merge what was learned.`);
    if (workspace?.outcome === 'removed') lines.push(...removedLines(workspace));
    lines.push(...leftShellLines(context, sessions));
    const pushed = push ? await pushMain(sessions, slug) : undefined;
    if (pushed?.outcome === 'pushed') {
      lines.push(`Pushed ${sessions.mainBranch} to ${pushed.remote}.`);
      lines.push(...pushed.finished.deleted.map((ref) => `Deleted ${shortName(ref)} there.`));
    }
    return {
      json: {
        slug,
        outcome: 'completed',
        commit: commit ?? null,
        knowledgeSession: knowledgeSession ?? null,
        pushed: pushed === undefined ? null : pushed.outcome === 'pushed',
        overridden,
        checkouts: checkoutsJson(checkouts),
        workspaceStays: workspace?.outcome === 'stays' ? workspace.directory : null,
        ...(workspace?.outcome === 'removed' ? removedJson(workspace) : { aside: null, gone: [] }),
      },
      text: lines.join('\n'),
      notes: [
        ...checkoutNotes(checkouts),
        ...unusedMessageNotes(commit, words.message),
        ...(workspace?.outcome === 'stays'
          ? [`It is completed, and its workspace stays, ${workspace.directory}. ${workspace.reason}`]
          : []),
        ...(pushed?.outcome === 'pushed' ? finishedNotes(pushed.remote, pushed.finished) : []),
        ...(pushed?.outcome === 'refused'
          ? [`It is completed, but was not pushed to ${pushed.remote}: ${pushed.words}`]
          : []),
      ],
      ...(pushed?.outcome === 'refused' && { exit: 'unavailable' as const }),
    };
  });
}

/** A message is that of the commit which lands; where there is none, it would be lost without a word. */
function unusedMessageNotes(commit: ObjectId | undefined, message: string | undefined): string[] {
  if (commit !== undefined || message === undefined) return [];
  return [
    `The message was not used, since there was nothing to land: "${message}". What has landed before keeps the message that "mic session land --message" gave it then.`,
  ];
}

function overriddenLines(overridden: readonly string[]): string[] {
  return overridden.map((why) => `Its plan was overridden, for everybody to see: ${why}`);
}

function conflictAnswer(
  sessions: HubSessions,
  slug: Slug,
  { paths, messages }: Extract<Completion, { outcome: 'conflict' }>,
): Answer {
  const lines = [
    `${slug} conflicts with ${sessions.mainBranch}, which stays as it was:`,
    ...paths.map((path) => `  ${path}`),
    `Next: mic session sync ${slug}, resolve and commit in the workspace, then do this again.`,
  ];
  return { json: { slug, outcome: 'conflict', paths, messages }, text: lines.join('\n'), exit: 'conflict' };
}
