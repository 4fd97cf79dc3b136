import type { AgentEvent } from '../../agents/agent-event.ts';
import type { RunnerSummary } from '../../agents/agent-runner.ts';
import { type AgentsRequest, runAgents, withoutSession } from '../../app/agents/run-agents.ts';
import { capabilityList } from '../../session/plan/capabilities.ts';
import { CliError } from '../cli-error.ts';
import { type CommandContext, command } from '../command.ts';
import { withHub } from '../git-session/open-hub.ts';
import { removedLines } from '../git-session/removed-words.ts';
import { flag, list, number, optionalChoice, required, text } from '../options.ts';
import { milliseconds } from '../seconds.ts';
import { untilSignalled } from '../until-signalled.ts';
import { oneLine } from '../wording.ts';

const attemptsDefault = 3;
const retrySecondsDefault = 30;
const graceSecondsDefault = 30;
/** From asking a program to end to killing it, in ms. */
const killAfterMs = 5000;
const parallelMax = 1000;

export default command({
  summary: 'Run any program on planned sessions, and complete them',
  description:
    'Claims planned sessions whose **Capabilities:** the program has, those of the oldest day first and within a\nday by name (or one of the next, where others take that), and runs it by the shell in a workspace of each: with SESSION_SLUG, SESSION_GOAL, SESSION_PLAN, SESSION_WORKSPACE and\nthe identity of the agent in its environment, and nothing to read. The claim is renewed while it runs; the end of its output\ncomes into the worklog, without secrets.\n\nWhen it exits with 0, what it has left uncommitted is committed and the session is completed: its criteria must be met, in\nactive-plan.md or by "mic session plan --done". A conflict leaves the session conflicted. After any other end the work is\nkept, and the session is planned again; after --attempts failures it goes to drafting, with the reasons in attempts.md.\n\nKilled, it is carried on by the next one on this machine, or taken over by any other once the claim has lapsed. Interrupted,\nit claims no more and waits for what runs; after --grace, or when interrupted twice, it ends that and gives it back.\n\nA program may also give its session back ("mic session release"), which counts as a failure does, or abandon it.\n\nThe last line says how many sessions are completed, conflicted and failed, and what became of others, each as its last run\nended. Where not all are completed, the exit code is 12; what was only put back because the runner was told to end does not\ncount.',
  options: {
    exec: required('--exec <command>', 'the program: any command line of the shell'),
    parallel: number('--parallel <count>', 'how many sessions at once (otherwise 1)'),
    capability: list('--capability <names>', 'what the program is able to do, such as ts,db'),
    workspace: optionalChoice(
      '--workspace <kind>',
      'where it works (otherwise as the session had it, or clone)',
      ['clone', 'worktree'],
    ),
    once: flag('--once', 'end after as many sessions as --parallel says'),
    untilEmpty: flag('--until-empty', 'end when nothing is left to claim'),
    interval: number(
      '--interval <seconds>',
      'how often to look for sessions (otherwise every second, and every 15 where a remote decides)',
    ),
    lease: number(
      '--lease <seconds>',
      'how long its claims are good for without being renewed (otherwise as the project says)',
    ),
    leaveRest: flag(
      '--leave-rest',
      'do not commit what the program leaves uncommitted: it counts as a failure',
    ),
    unmet: text('--unmet <why>', 'complete sessions whose criteria are not all met, and say why'),
    attempts: number(
      '--attempts <count>',
      `after so many failures a session is left to people (otherwise ${attemptsDefault})`,
    ),
    retryAfter: number(
      '--retry-after <seconds>',
      `before a session that failed is tried again; doubled each time (otherwise ${retrySecondsDefault})`,
    ),
    grace: number(
      '--grace <seconds>',
      `how long programs may go on after an interrupt (otherwise ${graceSecondsDefault})`,
    ),
  },
  examples: [
    ['mic agent run --exec "./agent.sh" --parallel 4', 'Four at once, until it is interrupted'],
    [
      'mic agent run --exec "make codegen && git add -A" --until-empty --unmet "generated"',
      'Work the queue off',
    ],
    ['mic agent run --exec "./review.sh" --capability ts,db --once', 'One session that needs what it can do'],
  ],
  async run(context, _args, options) {
    const { once, untilEmpty, workspace, lease, interval } = options;
    if (options.exec.trim() === '')
      throw new CliError(
        'cli/usage',
        '--exec is empty. Give the command line of a program, such as --exec "./agent.sh".',
      );
    if (once && untilEmpty) throw new CliError('cli/usage', 'Say one of --once and --until-empty.');
    const settings: AgentsRequest['settings'] = {
      command: options.exec,
      rest: options.leaveRest ? 'leave' : 'commit',
      unmet: options.unmet,
      attemptsMax: count('--attempts', options.attempts, 1) ?? attemptsDefault,
      killAfterMs,
      parallel: count('--parallel', options.parallel, 1, parallelMax) ?? 1,
      capabilities: options.capability.flatMap(capabilityList),
      until: once ? 'once' : untilEmpty ? 'until-empty' : 'stopped',
      intervalMs: milliseconds('--interval', interval),
      retryAfterMs: milliseconds('--retry-after', options.retryAfter, 0) ?? retrySecondsDefault * 1000,
      graceMs: milliseconds('--grace', options.grace, 0) ?? graceSecondsDefault * 1000,
    };
    const leaseMs = milliseconds('--lease', lease);
    // A runner is in no session, also where it is called in one.
    const own = { ...context, environment: withoutSession(context.environment) };
    const summary = await withHub(own, (sessions) =>
      untilSignalled(({ stop, terminate }) =>
        runAgents(sessions, {
          ...{ settings, workspace, leaseMs, stop, terminate },
          tell: (event) => tell(context, event),
          removedLines,
        }),
      ),
    );
    const exit = isAllDone(summary) ? 'ok' : 'notAllCompleted';
    return { json: { summary }, form: 'line', text: summaryText(summary), exit };
  },
});

function tell({ announce }: CommandContext, { kind, slug, words }: AgentEvent): void {
  const subject = [kind.padEnd(10), slug].filter((part) => part !== undefined).join('  ');
  announce({
    json: { event: kind, slug: slug ?? null, words: words ?? null },
    form: 'line',
    text: words === undefined ? subject : `${subject}: ${oneLine(words)}`,
  });
}

/** What was put back is no failure: the runner was told to end. */
function isAllDone({ completed: _completed, 'put-back': _putBack, ...others }: RunnerSummary): boolean {
  return Object.values(others).every((number) => number === 0);
}

function summaryText(summary: RunnerSummary): string {
  const { completed, conflicted, failed, ...others } = summary;
  const more = Object.entries(others).filter(([, number]) => number > 0);
  const parts = [...Object.entries({ completed, conflicted, failed }), ...more];
  return `In all: ${parts.map(([kind, number]) => `${number} ${kind}`).join(', ')}.`;
}

function count(option: string, value: number | undefined, min: number, max = Infinity): number | undefined {
  if (value === undefined || (value >= min && value <= max)) return value;
  throw new CliError(
    'cli/usage',
    `${option} is ${value}. Give a number from ${min}${max === Infinity ? '' : ` to ${max}`}.`,
  );
}
