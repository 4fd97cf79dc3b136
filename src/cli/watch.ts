import { lookIntervalMs } from '../app/agents/hub-mark.ts';
import { type SessionChange, watchSessions } from '../app/agents/watch-sessions.ts';
import { command } from './command.ts';
import { withHub } from './git-session/open-hub.ts';
import { flag, number } from './options.ts';
import { milliseconds } from './seconds.ts';
import { untilSignalled } from './until-signalled.ts';

export default command({
  summary: 'Say what becomes of the sessions of a git repository, as it happens',
  description:
    'Prints the sessions that are planned or under way, and from then on each that is planned, claimed, completed, in conflict\nor abandoned, a line each, until it is interrupted. With --json each line is a document.',
  options: {
    once: flag('--once', 'print what there is now, and end'),
    interval: number(
      '--interval <seconds>',
      'how often to look (otherwise every second, and every 15 where a remote decides)',
    ),
  },
  examples: [
    ['mic watch', 'Look on while agents work'],
    ['mic watch --once --json | jq -r .slug', 'What is planned or under way now?'],
  ],
  async run(context, _args, { once, interval }) {
    const look = milliseconds('--interval', interval);
    await withHub(context, (sessions) =>
      untilSignalled(({ stop }) =>
        watchSessions(sessions, {
          intervalMs: look ?? lookIntervalMs(sessions),
          stop,
          until: once ? 'seen' : 'stopped',
          onChange: (change) =>
            context.announce({ json: documentOf(change), form: 'line', text: lineOf(change) }),
          onProblem: (error) => {
            const message = error instanceof Error ? error.message : String(error);
            context.announce({ json: { problem: message }, form: 'line', text: `problem: ${message}` });
          },
        }),
      ),
    );
    return { json: undefined, text: '' };
  },
});

function documentOf({ slug, state, agent, machine }: SessionChange): object {
  return { slug, state: state ?? 'removed', agent: agent ?? null, machine: machine ?? null };
}

function lineOf({ slug, state, agent, machine }: SessionChange): string {
  const by = agent === undefined ? '' : `  ${agent} on ${machine ?? '?'}`;
  return `${(state ?? 'removed').padEnd(10)}  ${slug}${by}`;
}
