import {
  forgetKept,
  type KeptOfSession,
  keptLongerThan,
  keptOfSession,
} from '../../app/hub/forget-session.ts';
import { locateSlug } from '../../app/hub/locate-slug.ts';
import { CliError } from '../cli-error.ts';
import type { Answer, CommandContext } from '../command.ts';
import { counted, size } from '../wording.ts';
import { withHub } from './open-hub.ts';
import { undeletedNotes } from './travelling-words.ts';

export interface ForgetWords {
  /** Left out: all that are old enough. */
  readonly slug: string | undefined;
  /** In days. */
  readonly olderThan: number | undefined;
  readonly mode: 'tell' | 'delete';
}

export function forgetInHub(
  context: CommandContext,
  { slug, olderThan, mode }: ForgetWords,
): Promise<Answer> {
  if (slug !== undefined && olderThan !== undefined)
    throw new CliError('cli/usage', 'Name a session, or say how old they are to be, but not both.');
  const days = olderThan ?? context.configuration.keepDays;
  return withHub(context, async (sessions) => {
    const found =
      slug === undefined
        ? await keptLongerThan(sessions, days)
        : [await keptOfSession(sessions, await locateSlug(sessions, context.directory, slug))];
    const notes: string[] = [];
    if (mode === 'delete')
      for (const kept of found) notes.push(...undeletedNotes(kept.slug, await forgetKept(sessions, kept)));
    const json = { deleted: mode === 'delete', sessions: found };
    return { json, text: text(found, mode, days), notes };
  });
}

function text(found: readonly KeptOfSession[], mode: ForgetWords['mode'], days: number): string {
  if (found.length === 0)
    return `Nothing is kept of sessions that were over ${counted(days, 'day')} ago and not touched since.`;
  const lines = found.map(line);
  return mode === 'delete'
    ? ['Deleted for good:', ...lines].join('\n')
    : ['Nothing was deleted. With --yes, this would be, for good:', ...lines].join('\n');
}

function line({ slug, state, refs, commits, fate, aside }: KeptOfSession): string {
  const files = aside.reduce((sum, one) => sum + one.files, 0);
  const bytes = aside.reduce((sum, one) => sum + one.bytes, 0);
  const what = [
    ...(refs.length === 0
      ? []
      : [`${counted(refs.length, 'ref')} with ${counted(commits, 'commit')} that nothing else has`]),
    ...(files === 0 ? [] : [`${counted(files, 'file')} set aside (${size(bytes)})`]),
  ];
  const fates = {
    landed: 'its changes are on main',
    sent: 'it was handed on to those who completed it',
    'not landed': `main does not have its newest commit, and no landing names it: git log -p HEAD..refs/sessions/${slug}/commits`,
  } as const;
  const where = state === 'completed' ? `; ${fates[fate]}` : '';
  return `  ${slug}  ${state ?? 'no such session any more'}: ${what.join(', ')}${where}`;
}
