import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type ExitCode, exitCodes } from '../../src/cli/exit-codes.ts';
import { HubScratch } from '../agent-sessions/hub-scratch.ts';
import { write } from '../mic.ts';
import { countSteps, killedAt } from './killed-steps.ts';

/** With `MICELIO_EVERY_STEP=1` every step of each command is tried with both kinds of workspaces, which takes an hour. */
const isThorough = process.env.MICELIO_EVERY_STEP === '1';
/** How many steps of each command are tried otherwise, at even distances. */
const triedMax = isThorough ? Infinity : 4;

const kinds = ['worktree', 'clone'];

interface Killed {
  readonly scratch: HubScratch;
  readonly slug: string;
  readonly workspace: string;
}

/** A command that is killed at its steps, and what holds when it was done again. */
interface Case {
  readonly args: (slug: string) => readonly string[];
  /** How it ends where it was through when it was killed: by saying that there is nothing left to do. */
  readonly whenThrough: ExitCode;
  /** What is there before, in a session with a commit and ignored files. */
  readonly prepare?: (killed: Killed) => Promise<unknown>;
  readonly check: (killed: Killed) => Promise<void>;
}

const kept = { 'my.local': 'mine', 'inner/x': 'x' };
const uncommitted = { 'b.txt': 'changed\n', 'un tracked': 'new\n' };

const cases: Readonly<Record<string, Case>> = {
  complete: {
    args: (slug) => ['session', 'complete', slug],
    whenThrough: 'refused',
    async check({ scratch, slug, workspace }) {
      assert.equal(await scratch.stateOf(slug), 'completed');
      assert.equal(await scratch.says('show', 'main:b.txt'), slug);
      assert.equal(await scratch.says('rev-list', '--count', 'main', `--grep=^Session: ${slug}$`), '1');
      assert.ok(!existsSync(workspace), 'the workspace is gone');
      requireAside(scratch, slug);
    },
  },
  abandon: {
    prepare: async ({ workspace }) => put(workspace, uncommitted),
    args: (slug) => ['session', 'abandon', slug, '--why=not now'],
    whenThrough: 'refused',
    async check(killed) {
      assert.equal(await killed.scratch.stateOf(killed.slug), 'abandoned');
      await killed.scratch.mic(['session', 'remove', killed.slug], { in: killed.scratch.hub });
      await requireRestored(killed);
    },
  },
  remove: {
    prepare: async ({ workspace }) => put(workspace, uncommitted),
    args: (slug) => ['session', 'remove', slug],
    whenThrough: 'notFound',
    async check(killed) {
      assert.ok(!existsSync(killed.workspace));
      await requireRestored(killed);
    },
  },
  restore: {
    async prepare({ scratch, slug, workspace }) {
      put(workspace, uncommitted);
      await scratch.mic(['session', 'abandon', slug, '--why=not now'], { in: scratch.hub });
      await scratch.mic(['session', 'remove', slug], { in: scratch.hub });
    },
    args: (slug) => ['session', 'restore', slug],
    whenThrough: 'ok',
    check: requireRestored,
  },
};

describe('killed at any step, a command that is given again finishes, and nothing is lost', () => {
  for (const [index, [name, { args, whenThrough, prepare, check }]] of Object.entries(cases).entries()) {
    for (const kind of isThorough ? kinds : [kinds[index % 2]!]) {
      test(`${name}, with a ${kind}`, async () => {
        const scratch = await HubScratch.create({
          '.gitignore': '.sessions/\n.worktrees/\n*.local\ninner/\n',
        });
        const begin = async (title: string): Promise<Killed> => {
          const { slug, workspace } = await scratch.started(title, `--workspace=${kind}`);
          put(workspace, { 'b.txt': `${slug}\n` });
          await scratch.git(['add', 'b.txt'], workspace);
          await scratch.git(['commit', '-qm', `[${slug}] feat: b`], workspace);
          await scratch.git(['init', '-q', 'inner'], workspace);
          put(workspace, kept);
          const killed = { scratch, slug, workspace };
          await prepare?.(killed);
          return killed;
        };
        const whole = await begin('whole');
        const withKind = (slug: string) => [
          ...args(slug),
          ...(name === 'restore' ? [`--workspace=${kind}`] : []),
        ];
        const steps = await countSteps(scratch, withKind(whole.slug));
        await check(whole);
        for (const at of triedSteps(steps)) {
          const killed = await begin(`at ${at}`);
          const words = `${name} of a ${kind}, killed at step ${at} of ${steps}`;
          // A run may have fewer steps than the one that was counted.
          if ((await killedAt(scratch, withKind(killed.slug), at)) === 'killed') {
            await scratch.mic(['session', 'list'], { in: scratch.hub });
            const again = await scratch.mic(withKind(killed.slug), { in: scratch.hub, exit: 'any' });
            const isThrough = again.code === 0 || again.code === exitCodes[whenThrough].code;
            assert.ok(isThrough, `${words}: ${again.stderr}`);
          }
          await check(killed).catch((error: unknown) => {
            throw new Error(words, { cause: error });
          });
          requireTidy(scratch.hub, words);
        }
      });
    }
  }
});

/** From the first to the last, which is taken when all is done but for the answer. */
function triedSteps(steps: number): number[] {
  const tried = Math.min(steps, triedMax);
  return Array.from({ length: tried }, (_, index) => 1 + Math.floor((index * (steps - 1)) / (tried - 1)));
}

async function requireRestored({ scratch, slug, workspace }: Killed): Promise<void> {
  const kind = workspace.includes('/.worktrees/') ? 'worktree' : 'clone';
  await scratch.mic(['session', 'restore', slug, `--workspace=${kind}`], { in: scratch.hub });
  for (const [path, text] of Object.entries({ ...kept, ...uncommitted }))
    assert.equal(readFileSync(join(workspace, path), 'utf8'), text, path);
  const git = (...command: string[]) =>
    execFileSync('git', command, { cwd: workspace, encoding: 'utf8' }).trim();
  assert.equal(git('show', 'HEAD:b.txt'), slug);
  assert.equal(git('-C', 'inner', 'status', '--porcelain'), '?? x');
  assert.match(git('branch', '--show-current'), new RegExp(slug));
}

/** What git does not keep of a completed session is in one of the directories of what is set aside. */
function requireAside(scratch: HubScratch, slug: string): void {
  const folder = join(scratch.hub, '.git/micelio/aside', slug);
  assert.deepEqual(readdirSync(folder), ['1']);
  for (const [path, text] of Object.entries(kept))
    assert.equal(readFileSync(join(folder, '1', path), 'utf8'), text);
}

function put(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) write(join(directory, path), text);
}

/** No lock and nothing half made has stayed, and git finds nothing wrong. */
function requireTidy(hub: string, words: string): void {
  const names = readdirSync(hub, { recursive: true, encoding: 'utf8' });
  const left = names.filter(
    (name) =>
      /\.lock$|\/index-\d+|\.(?:making|removing)-|\.making$|\.new$|\/index\.micelio|\.of$/.test(name) &&
      // Locked by processes, and never deleted.
      !/sessions\.lock$|\/micelio\/(?:places\/.*\.lock|provision\.lock)$/.test(name) &&
      // Held by a git that packs in the background.
      !/\/gc\.(?:log|pid)\.lock$|\/objects\/maintenance\.lock$/.test(name),
  );
  assert.deepEqual(left, [], words);
  assert.equal(
    execFileSync('git', ['fsck', '--strict', '--no-dangling'], { cwd: hub, encoding: 'utf8' }),
    '',
  );
  assert.equal(execFileSync('git', ['status', '--porcelain'], { cwd: hub, encoding: 'utf8' }), '', words);
}
