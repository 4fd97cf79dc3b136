import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ObjectId, parseObjectId } from '../../git/object-id.ts';
import { gitArguments, type Repository } from '../../git/repository.ts';
import { goalOf, parsePlan } from '../../session/plan/plan.ts';
import { planName } from '../../session/plan/record-files.ts';
import { isSlug, type Slug } from '../../session/plan/slug.ts';
import { SessionError } from '../../session/session-error.ts';
import type { FileName } from '../../tree/path.ts';
import { findGitWorkspace } from '../../workspace/git/workspace-record.ts';
import type { HubSessions } from './hub-sessions.ts';

/** Where a file, or one of its lines, comes from. */
export interface LineOrigin {
  /** Undefined: nobody has committed it yet. */
  readonly commit: WritingCommit | undefined;
  /** The line as it is now; undefined where it was asked for the file. */
  readonly line: { readonly number: number; readonly text: string } | undefined;
  /** Undefined where no session is known to have written it. */
  readonly session:
    | { readonly slug: Slug; readonly title: string; readonly goal: string | undefined }
    | undefined;
}

export interface WritingCommit {
  readonly id: ObjectId;
  readonly author: string;
  /** In ms since the epoch. */
  readonly atMs: number;
  readonly subject: string;
  readonly session: Slug | undefined;
}

/** A place in a repository's history: git's options that lead to it, and the file and line there. */
interface Place {
  readonly at: readonly string[];
  /** Undefined: what the files are now. */
  readonly commit: ObjectId | undefined;
  readonly file: string;
  readonly line: number | undefined;
}

interface Found {
  /** Undefined: not committed. */
  readonly commit: ObjectId | undefined;
  readonly file: string;
  readonly line: number | undefined;
  readonly text: string;
}

/**
 * Finds the commit that last changed `file`, as it is named in `directory`, or that wrote line `line` (from 1) of it, and
 * its session. Changes nothing. Throws `session/file-unknown`.
 */
export async function explainLine(
  sessions: HubSessions,
  directory: string,
  file: string,
  line: number | undefined,
): Promise<LineOrigin> {
  const { hub, surroundings } = sessions;
  const workspace = await findGitWorkspace(surroundings.git, directory);
  const hasFiles = workspace !== undefined || existsSync(join(sessions.mainDirectory, '.git'));
  // Beside a bare hub there are no files, only what main has.
  const here = hasFiles
    ? { at: ['-C', directory], commit: undefined, file, line }
    : { at: hubAt(hub), commit: await sessions.main(), file, line };
  let found = await find(hub, here);
  const inHub = found.commit !== undefined && (await hasCommit(hub, found.commit));
  // A clone may begin with its newest commits: the hub knows those before.
  if (inHub) found = { ...(await find(hub, { ...found, at: hubAt(hub) })), text: found.text };
  const commit = found.commit && (await readCommit(hub, inHub ? hubAt(hub) : here.at, found.commit));
  // What nobody has committed in a workspace is its session's.
  const slug = commit === undefined ? workspace?.record.slug : commit.session;
  return {
    commit,
    line: line === undefined ? undefined : { number: line, text: found.text },
    session: slug && (await sessionNamed(sessions, slug)),
  };
}

function hubAt(hub: Repository): readonly string[] {
  return gitArguments(hub, []);
}

async function find({ git }: Repository, { at, commit, file, line }: Place): Promise<Found> {
  if (line === undefined) {
    const args = ['log', '-1', '--format=%H', commit ?? 'HEAD', '--', file];
    const { exitCode, stdout } = await git.attempt([...at, ...args]);
    const id = stdout.toString('latin1').trim();
    if (exitCode !== 0 || id === '') throw unknown(file, 'no commit of this branch has it');
    return { commit: parseObjectId(id), file, line, text: '' };
  }
  const revision = commit === undefined ? [] : [commit];
  const args = ['blame', '--porcelain', `-L${line},${line}`, ...revision, '--', file];
  const { exitCode, stdout, stderr } = await git.attempt([...at, ...args]);
  const said = stdout.toString('utf8');
  const [, id, number] = /^([0-9a-f]+) (\d+) /.exec(said) ?? [];
  if (exitCode !== 0 || id === undefined)
    throw unknown(`${file}:${line}`, stderr.trim().replace(/^fatal: /, ''));
  return {
    commit: /^0+$/.test(id) ? undefined : parseObjectId(id),
    file: /^filename (.*)$/m.exec(said)?.[1] ?? file,
    line: Number(number),
    text: /^\t(.*)$/m.exec(said)?.[1] ?? '',
  };
}

async function hasCommit(hub: Repository, id: ObjectId): Promise<boolean> {
  const { exitCode } = await hub.git.attempt(gitArguments(hub, ['cat-file', '-e', `${id}^{commit}`]));
  return exitCode === 0;
}

async function readCommit({ git }: Repository, at: readonly string[], id: ObjectId): Promise<WritingCommit> {
  const format = '--format=%an%x00%at%x00%s%x00%(trailers:key=Session,valueonly)';
  const said = (await git.run([...at, 'show', '--no-patch', format, id])).toString('utf8');
  const [author = '', seconds = '', subject = '', trailer = ''] = said.split('\0');
  // Commits in a workspace name their session in front.
  const names = [trailer.trim().split('\n').at(-1), /^\[([^\]]+)\]/.exec(subject)?.[1]];
  const session = names.find((name) => name !== undefined && isSlug(name)) as Slug | undefined;
  return { id, author, atMs: Number(seconds) * 1000, subject, session };
}

async function sessionNamed(sessions: HubSessions, slug: Slug): Promise<NonNullable<LineOrigin['session']>> {
  const text = (await sessions.ledger.files([slug], planName as FileName)).get(slug)?.toString('utf8') ?? '';
  const plan = parsePlan(text);
  return { slug, title: plan.title, goal: goalOf(text, plan) };
}

function unknown(place: string, why: string): SessionError {
  return new SessionError(
    'session/file-unknown',
    `Git cannot say where ${place} comes from: ${why}. Name a file as it is called from where you are, and a line that it has.`,
  );
}
