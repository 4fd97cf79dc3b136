import {
  type ClaimMode,
  claimAny,
  claimSession,
  goOnWith,
  placeClaimed,
  wordsIn,
} from '../../app/hub/claim-session.ts';
import { releaseSession, renewSession } from '../../app/hub/leave-session.ts';
import { locateSlug } from '../../app/hub/locate-slug.ts';
import { provisionableChecks } from '../../app/hub/provision-check.ts';
import { CliError } from '../cli-error.ts';
import type { Answer, CommandContext } from '../command.ts';
import { type PrintedAs, printed } from '../print-path.ts';
import { moment } from '../wording.ts';
import { placedAnswer } from './describe.ts';
import { withHub, withOwnSession, withSession } from './open-hub.ts';
import { leftShellLines, removedJson, removedLines } from './removed-words.ts';
import { sentNotes } from './travelling-words.ts';
import { type WorkspaceWords, workspaceChoice } from './workspace-options.ts';

export interface ClaimWords {
  /** Left out: any. */
  readonly slug: string | undefined;
  readonly mode: ClaimMode;
  readonly capability: string | undefined;
  readonly print: PrintedAs;
}

export function claimInHub(
  context: CommandContext,
  { slug: name, mode, capability, print }: ClaimWords,
  words: WorkspaceWords,
): Promise<Answer> {
  if (name !== undefined && capability !== undefined)
    throw new CliError(
      'cli/usage',
      '--capability chooses among sessions, with --any: a named one is claimed as it is.',
    );
  const choice = workspaceChoice(context, words);
  return withHub(context, async (sessions) => {
    const requireProvisionable =
      choice === 'none' ? async () => {} : provisionableChecks(sessions, choice.kind);
    const slug =
      name === undefined
        ? await claimAny(sessions, wordsIn(capability ?? ''), requireProvisionable)
        : await locateSlug(sessions, context.directory, name);
    const isHeld =
      mode === 'claim' && name !== undefined && (await goOnWith(sessions, slug, context.directory));
    if (name !== undefined && !isHeld) {
      await requireProvisionable(slug);
      await claimSession(sessions, slug, mode);
    }
    const placed = choice === 'none' ? undefined : await placeClaimed(sessions, slug, choice);
    return printed(placedAnswer(sessions, slug, placed), placed?.workspace.directory, print);
  });
}

export function releaseInHub(
  context: CommandContext,
  name: string | undefined,
  workspace: 'keep' | 'remove',
): Promise<Answer> {
  return withOwnSession(context, name, async (sessions, slug) => {
    const { removed, sent } = await releaseSession(sessions, slug, workspace);
    return {
      json: { slug, state: 'planned', ...(removed ? removedJson(removed) : { aside: null, gone: [] }) },
      text: [
        `Released ${slug}: anybody may claim it.`,
        ...(removed === undefined ? [] : removedLines(removed)),
        ...leftShellLines(context, sessions),
      ].join('\n'),
      notes: sentNotes(slug, sent),
    };
  });
}

export function renewInHub(context: CommandContext, name: string | undefined): Promise<Answer> {
  return withSession(context, name, async (sessions, slug) => {
    const untilMs = await renewSession(sessions, slug);
    return { json: { slug, untilMs }, text: `${slug} is yours until ${moment(untilMs)}.` };
  });
}
