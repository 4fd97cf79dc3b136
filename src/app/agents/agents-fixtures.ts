import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { AgentEvent } from '../../agents/agent-event.ts';
import {
  file,
  type ScratchFiles,
  ScratchRepository,
  scratchEnvironment,
  temporaryDirectory,
} from '../../git/scratch-repository.ts';
import { projectFiles } from '../../ledger/git/fixtures.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { AgentsOptions } from './agents-workload.ts';

const workload = join(import.meta.dirname, 'agents-workload.ts');

/** A hub with planned sessions, each with one criterion. `plans` are more lines of the header. */
export function agentsHub(
  t: TestContext,
  slugs: readonly Slug[],
  options: {
    readonly bare?: boolean;
    readonly settings?: object;
    readonly header?: (slug: Slug) => string;
    readonly more?: ScratchFiles;
  } = {},
): ScratchRepository {
  const { bare = true, settings, header = () => '', more = new Map() } = options;
  const hub = ScratchRepository.create(t, { bare, within: 'hub' });
  const files = new Map(projectFiles(slugs, settings));
  for (const slug of slugs)
    files.set(`_AGENTS/sessions/planned/${slug}/SESSION.md`, file(planOf(slug, header(slug))));
  files.set('.gitignore', file('.sessions/\n.worktrees/\n'));
  for (const [path, content] of more) files.set(path, content);
  hub.commit(files);
  hub.git(['config', 'receive.autogc', 'false']);
  if (!bare) hub.git(['reset', '-q', '--hard', 'main']);
  return hub;
}

function planOf(slug: Slug, header = ''): string {
  return `# Session: Do ${slug}\n\n**Status:** planned\n${header}\n## Acceptance Criteria\n\n- [ ] It is done\n`;
}

/** For agent programs: ticks the one criterion in the session's own active plan. */
const tick =
  'plan=_AGENTS/sessions/active/$SESSION_SLUG/active-plan.md && sed -i.orig "s/- \\[ \\]/- [x]/" $plan && rm $plan.orig';

/** For agent programs: writes a file of its own, ticks, and commits both, unless one that was killed has done so. */
export const goodWork = `echo work by $SESSION_SLUG > $SESSION_SLUG.txt && ${tick} && git add -A && (git diff --cached --quiet || git commit -qm "[$SESSION_SLUG] feat: work")`;

/** A runner, as a process of its own. */
export interface RunningAgents {
  readonly child: ChildProcess;
  readonly events: readonly AgentEvent[];
  /** Ends once an event of that kind has been told, of `slug` where one is given. */
  readonly told: (kind: AgentEvent['kind'], slug?: Slug) => Promise<void>;
  readonly ended: Promise<{ readonly code: number | null; readonly errors: string }>;
}

export function startAgents(t: TestContext, hub: ScratchRepository, options: AgentsOptions): RunningAgents {
  const request = { directory: realpathSync(hub.directory), state: temporaryDirectory(t), ...options };
  const child = spawn(process.execPath, [workload, JSON.stringify(request)], {
    env: { ...scratchEnvironment, NODE_COMPILE_CACHE: join(tmpdir(), 'micelio-agents-compile-cache') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  const events: AgentEvent[] = [];
  const waiting: { readonly isIt: (event: AgentEvent) => boolean; readonly resolve: () => void }[] = [];
  let [open, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (open + text).split('\n');
    open = lines.pop()!;
    for (const line of lines) {
      const event = JSON.parse(line) as AgentEvent;
      events.push(event);
      for (const { isIt, resolve } of waiting) if (isIt(event)) resolve();
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, errors }));
  const told = (kind: AgentEvent['kind'], slug?: Slug) => {
    const isIt = (event: AgentEvent) => event.kind === kind && (slug === undefined || event.slug === slug);
    if (events.some(isIt)) return Promise.resolve();
    const said = new Promise<void>((resolve) => waiting.push({ isIt, resolve }));
    const failed = ended.then(({ code }) => {
      throw new Error(`It ended (${code}) before it told of ${kind}:\n${JSON.stringify(events)}\n${errors}`);
    });
    return Promise.race([said, failed]);
  };
  return { child, events, told, ended };
}

/** The sessions of which a runner has told that, in order. */
export function kindsOf({ events }: RunningAgents, kind: AgentEvent['kind']): Slug[] {
  return events.filter((event) => event.kind === kind).map(({ slug }) => slug!);
}
