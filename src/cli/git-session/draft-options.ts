import { list, text } from '../options.ts';

/** What can be said of a session that is to be planned. */
export const draftOptions = {
  goal: text('--goal <text>', 'what the session is to accomplish (otherwise the title)'),
  context: text('--context <text>', 'what there is now, and why that is not enough'),
  criterion: list('--criterion <text>', 'what must hold when it is done; can be given several times'),
  capability: text('--capability <list>', 'what an agent must be able to do to claim it, such as ts,db'),
  slug: text('--slug <slug>', 'its name (otherwise the date and the words of the title)'),
  from: text('--from <file>', 'the whole plan; "-" reads it from standard input'),
} as const;
