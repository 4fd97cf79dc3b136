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
    if (mode === 'delete') for (const kept of found) await forgetKept(sessions, kept);
    return { json: { deleted: mode === 'delete', sessions: found }, text: text(found, mode, days) };
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

function line({ slug, state, refs, commits, aside }: KeptOfSession): string {
  const files = aside.reduce((sum, one) => sum + one.files, 0);
  const bytes = aside.reduce((sum, one) => sum + one.bytes, 0);
  const what = [
    ...(refs.length === 0
      ? []
      : [`${counted(refs.length, 'ref')} with ${counted(commits, 'commit')} that nothing else has`]),
    ...(files === 0 ? [] : [`${counted(files, 'file')} set aside (${size(bytes)})`]),
  ];
  const where = state === 'completed' ? '; its changes are on main' : '';
  return `  ${slug}  ${state ?? 'no such session any more'}: ${what.join(', ')}${where}`;
}
