import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Git } from '../src/git/git-process.ts';
import { GitLedger } from '../src/ledger/git/git-ledger.ts';
import { parseSlug, type Slug } from '../src/session/plan/slug.ts';
import {
  type Benchmark,
  inScratch,
  median,
  medianRatio,
  ms,
  run,
  sideBySide,
  timed,
  times,
} from './measure.ts';

const fileCount = 10_000;
const rounds = 15;
const atOnce = 50;
const roundsAtOnce = 5;
const processes = 10;
const listed = 1000;
const agent = { name: 'Bench', email: 'bench@example.org' };
const git = new Git(process.env);

/** Claims of sessions in a bare hub of 10,000 files, against `git push` of one commit to it. */
const benchmark: Benchmark = (say) =>
  inScratch(async (scratch) => {
    const hub = makeHub(join(scratch, 'hub'));
    const spoke = join(scratch, 'spoke');
    run('git', ['clone', '-q', '--depth', '1', `file://${hub}`, spoke]);
    const rest = slugs('task', rounds * 4 + (2 * atOnce + 2) * roundsAtOnce);
    const next = () => rest.shift()!;
    await plan(hub, rest);
    say('one claim');
    const open = await GitLedger.open(git, hub, { machine: 'bench' });
    const measured = await sideBySide(rounds, {
      push: {
        prepare: () => commitSomething(spoke),
        run: () => run('git', ['-C', spoke, 'push', '-q', '--force', 'origin', 'HEAD:refs/heads/bench']),
      },
      claim: { run: () => open.claim({ slug: next(), by: agent }) },
      opened: { run: () => claimOnce(hub, next()) },
    });
    say(`${atOnce} claims at once`);
    const [one, together, alone, apart]: [number[], number[], number[], number[]] = [[], [], [], []];
    for (let round = 0; round < roundsAtOnce; round++) {
      one.push(await timed(() => open.claim({ slug: next(), by: agent })));
      const some = rest.splice(0, atOnce);
      together.push(await timed(() => Promise.all(some.map((slug) => open.claim({ slug, by: agent })))));
      alone.push(await claimApart(hub, [next()], 1));
      apart.push(await claimApart(hub, rest.splice(0, atOnce), processes));
    }
    await open.close();
    say(`a list of ${listed} sessions`);
    await plan(hub, slugs('more', listed));
    const list = await sideBySide(rounds, {
      list: { run: () => listOnce(hub) },
      log: { run: () => run('git', ['-C', hub, 'log', '-1', '--format=%H']) },
    });
    const push = `\`git push\` of one commit: ${ms(median(measured.push))}`;
    return [
      {
        what: 'one claim, ledger open',
        value: ms(median(measured.claim)),
        against: push,
        ratio: times(medianRatio(measured.claim, measured.push)),
        aim: 'under 3×',
      },
      {
        what: 'one claim, ledger opened and closed',
        value: ms(median(measured.opened)),
        against: push,
        ratio: times(medianRatio(measured.opened, measured.push)),
        aim: 'under 3×',
      },
      {
        what: `${atOnce} claims at once, one process`,
        value: ms(median(together)),
        against: `one claim: ${ms(median(one))}`,
        ratio: times(medianRatio(together, one)),
        aim: 'under 10×',
      },
      {
        what: `${atOnce} claims at once, ${processes} processes`,
        value: ms(median(apart)),
        against: `one claim: ${ms(median(one))}`,
        ratio: times(medianRatio(apart, one)),
        aim: 'under 10×',
      },
      {
        what: '',
        value: '',
        against: `one claim of such a process: ${ms(median(alone))}`,
        ratio: times(medianRatio(apart, alone)),
      },
      {
        what: `list of ${listed} sessions, ledger opened and closed`,
        value: ms(median(list.list)),
        against: `\`git log -1\`: ${ms(median(list.log))}`,
        ratio: times(medianRatio(list.list, list.log)),
        aim: 'under 5×',
      },
    ];
  });

function slugs(word: string, count: number): Slug[] {
  return Array.from({ length: count }, (_, i) => parseSlug(`2025-10-14-${word}-${i}`));
}

function makeHub(directory: string): string {
  mkdirSync(directory);
  run('git', ['init', '-q', '--bare', '-b', 'main', directory]);
  const files = Array.from({ length: fileCount }, (_, i) => {
    const text = `file ${i}\n`;
    return `M 100644 inline src/${i % 100}/${i}.txt\ndata ${text.length}\n${text}`;
  });
  const lock = 'M 100644 inline _AGENTS/sessions/sessions.lock\ndata 0\n\n';
  // As `mic init` leaves it: this repository decides.
  const settings = '{"authority":"local:bench"}\n';
  mkdirSync(join(directory, 'micelio'));
  writeFileSync(join(directory, 'micelio/hub-id'), 'bench\n');
  const config = `M 100644 inline _AGENTS/sessions/_config/settings.json\ndata ${settings.length}\n${settings}`;
  const commit = 'commit refs/heads/main\ncommitter Bench <bench@example.org> 1760000000 +0000\ndata 0\n';
  const input = `${commit}${files.join('')}${lock}${config}`;
  execFileSync('git', ['-C', directory, 'fast-import', '--quiet'], { input });
  return directory;
}

async function plan(hub: string, names: readonly Slug[]): Promise<void> {
  const ledger = await GitLedger.open(git, hub, { machine: 'bench' });
  const drafts = names.map((slug) => {
    const path = ledger.hub.layout.session('planned', slug);
    return { path: `${path}/SESSION.md` as typeof path, change: () => Buffer.from(`# ${slug}\n`) };
  });
  const slug = parseSlug('2025-10-14-everything');
  const known = (await ledger.list()).some((session) => session.slug === slug);
  if (known) await ledger.edit({ slug, by: agent, message: 'docs: plan', elsewhere: drafts });
  else await ledger.draft({ slug, by: agent, files: [], elsewhere: [...drafts, planOf(ledger, slug)] });
  await ledger.close();
}

function planOf(ledger: GitLedger, slug: Slug) {
  const path = ledger.hub.layout.session('drafting', slug);
  return { path: `${path}/SESSION.md` as typeof path, change: () => Buffer.from('# Everything\n') };
}

function commitSomething(spoke: string): void {
  writeFileSync(join(spoke, 'src/0/0.txt'), `${Math.random()}\n`);
  run('git', ['-C', spoke, '-c', 'user.name=B', '-c', 'user.email=b@example.org', 'commit', '-qam', 'bench']);
}

async function claimOnce(hub: string, slug: Slug): Promise<void> {
  const ledger = await GitLedger.open(git, hub, { machine: 'bench' });
  await ledger.claim({ slug, by: agent });
  await ledger.close();
}

async function listOnce(hub: string): Promise<void> {
  const ledger = await GitLedger.open(git, hub, { machine: 'bench' });
  const list = await ledger.list();
  if (list.length < listed) throw new Error(`${list.length} sessions`);
  await ledger.close();
}

/** The time from the word "go" until `count` processes that were started before have claimed `names`, ms. */
async function claimApart(hub: string, names: readonly Slug[], count: number): Promise<number> {
  const children = Array.from({ length: count }, () =>
    fork(new URL('./claim-process.ts', import.meta.url), [hub]),
  );
  const ended = Promise.all(children.map((child) => once(child, 'exit')));
  await Promise.all(children.map((child) => once(child, 'message')));
  const done = Promise.all(children.map((child) => once(child, 'message')));
  const ms = await timed(async () => {
    for (const [i, child] of children.entries()) child.send(names.filter((_, k) => k % count === i));
    await done;
  });
  await ended;
  return ms;
}

export default benchmark;
