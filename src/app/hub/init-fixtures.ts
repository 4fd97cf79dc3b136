import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { systemRandom } from '../../base/random.ts';
import { file, type ScratchFiles, ScratchRepository, scratchGit } from '../../git/scratch-repository.ts';
import { GitLedger } from '../../ledger/git/git-ledger.ts';
import { parseSlug } from '../../session/plan/slug.ts';
import { type InitReport, type InitRequest, initHub } from './init.ts';

const agent = { name: 'Ada', email: 'ada@example.org' };
const surroundings = { git: scratchGit, agent, clock: systemClock, random: systemRandom };
const usual: InitRequest = { root: undefined, authority: undefined, another: 'refuse', mode: 'apply' };
export const project: ScratchFiles = new Map([['src/a.c', file('int a;\n')]]);

/** Lets `origin` decide. */
export const byOrigin: Partial<InitRequest> = { authority: { kind: 'remote', name: 'origin' } };

export function init(directory: string, request: Partial<InitRequest> = {}): Promise<InitReport> {
  return initHub(directory, surroundings, { ...usual, ...request });
}

export function hub(
  t: TestContext,
  options: { bare?: boolean; files?: ScratchFiles } = {},
): ScratchRepository {
  const { bare = true, files = project } = options;
  const scratch = ScratchRepository.create(t, { bare });
  scratch.commit(files);
  if (!bare) scratch.git(['reset', '-q', '--hard', 'main']);
  return scratch;
}

/** A clone of `origin`, with a working tree. */
export function clone(t: TestContext, origin: ScratchRepository): ScratchRepository {
  const scratch = ScratchRepository.create(t, { bare: false });
  scratch.git(['remote', 'add', 'origin', origin.directory]);
  scratch.git(['fetch', '-q', 'origin']);
  if (origin.git(['for-each-ref', 'refs/heads/main']) !== '')
    scratch.git(['reset', '-q', '--hard', 'origin/main']);
  return scratch;
}

export const paths = ({ steps }: InitReport, action: string) =>
  steps.filter((step) => step.action === action).map(({ path }) => path as string);
export const commits = (scratch: ScratchRepository) => scratch.git(['rev-list', '--count', 'main']);
export const show = (scratch: ScratchRepository, path: string) => scratch.git(['show', `main:${path}`]);
export const status = (scratch: ScratchRepository) => scratch.git(['status', '--porcelain', '-uall']);

export async function refused(work: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  await assert.rejects(work, (error: Error & { code?: string }) => {
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}

/** In the same second, several may make the very same commit. */
export function assertOneCommit(reports: readonly InitReport[]): void {
  const made = reports.map(({ commit }) => commit).filter((commit) => commit !== undefined);
  assert.equal(new Set(made).size, 1);
}

/** That sessions can be kept: the ledger opens, and one goes to where it can be claimed. */
export async function assertUsable(t: TestContext, directory: string): Promise<void> {
  const ledger = await GitLedger.open(scratchGit, directory, { machine: 'here' });
  t.after(() => ledger.close());
  const slug = parseSlug('2025-10-14-first');
  const edits = [{ path: 'SESSION.md' as never, change: () => Buffer.from('# Session: x\n') }];
  await ledger.draft({ slug, by: agent, files: edits });
  await ledger.move({ slug, by: agent, event: 'plan' });
  await ledger.claim({ slug, by: agent });
  const [first] = await ledger.list();
  assert.equal(first?.state, 'active');
}
