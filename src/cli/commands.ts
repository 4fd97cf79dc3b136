import type { Command } from './command.ts';
import type { Program } from './program.ts';

/** A command, or a place in front of several, that is loaded when it is called. */
export interface CommandEntry {
  /** The words that call it. */
  readonly path: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly default: Command }>;
}

/** All commands of `mic`, in the order in which help shows them. A test keeps the summaries true. */
export const commands: readonly CommandEntry[] = [
  entry('init', 'Lay out sessions of agents in a git repository', () => import('./init.ts')),
  entry(
    'project create',
    'Make a project, from a git repository or a directory',
    () => import('./project/create.ts'),
  ),
  entry(
    'project import',
    'Bring what is new in a repository or directory into a project',
    () => import('./project/import.ts'),
  ),
  entry('project list', 'List the projects of the store', () => import('./project/list.ts')),
  entry(
    'project show',
    'Show what a project is and where its head stands',
    () => import('./project/show.ts'),
  ),
  entry('project log', 'List what has landed, newest first', () => import('./project/log.ts')),
  entry(
    'project export',
    'Write a head, session or landing to a directory or a git repository',
    () => import('./project/export.ts'),
  ),
  entry('project undo', 'Take back a landing by a new one', () => import('./project/undo.ts')),
  entry(
    'project mount',
    'Serve a head, session or landing to be mounted and read',
    () => import('./project/mount.ts'),
  ),
  entry('session start', 'Start a session, with a workspace to edit in', () => import('./session/start.ts')),
  entry('session draft', 'Draft a session of a git repository', () => import('./session/draft.ts')),
  entry('session ready', 'Say that a drafted session may be claimed', () => import('./session/ready.ts')),
  entry(
    'session revise',
    'Take a planned session back, to plan it anew',
    () => import('./session/revise.ts'),
  ),
  entry('session claim', 'Claim a planned session of a git repository', () => import('./session/claim.ts')),
  entry('session list', 'List the sessions of a project', () => import('./session/list.ts')),
  entry('session show', 'Show a session with its record', () => import('./session/show.ts')),
  entry(
    'session path',
    "Print the directory of a session's workspace, making it where it is missing",
    () => import('./session/path.ts'),
  ),
  entry(
    'session status',
    'Show what a session has changed and what stands in its way',
    () => import('./session/status.ts'),
  ),
  entry('session diff', 'Show the changes of a session line by line', () => import('./session/diff.ts')),
  entry(
    'session log',
    'Add to the worklog of a session of a git repository',
    () => import('./session/log.ts'),
  ),
  entry(
    'session plan',
    'Show or change the active plan of a session of a git repository',
    () => import('./session/plan.ts'),
  ),
  entry(
    'session learn',
    'Write down what a session of a git repository has learned',
    () => import('./session/learn.ts'),
  ),
  entry(
    'session subsession',
    'Draft a session that another one has led to',
    () => import('./session/subsession.ts'),
  ),
  entry(
    'session drift',
    'Compare the plan of a session of a git repository with what was done',
    () => import('./session/drift.ts'),
  ),
  entry('session note', 'Add to the conversation of a session', () => import('./session/note.ts')),
  entry('session decide', 'Record a decision and its reason', () => import('./session/decide.ts')),
  entry(
    'session checkpoint',
    'Record the files of a session as they are now',
    () => import('./session/checkpoint.ts'),
  ),
  entry(
    'session deepen',
    'Bring more history into the clone of a session',
    () => import('./session/deepen.ts'),
  ),
  entry('session sync', 'Merge the head into a session', () => import('./session/sync.ts')),
  entry(
    'session resolve',
    'Say that a conflicted file is right as it is',
    () => import('./session/resolve.ts'),
  ),
  entry('session land', "Merge a session's changes into the head", () => import('./session/land.ts')),
  entry(
    'session complete',
    'Complete a session of a git repository: its changes come to main',
    () => import('./session/complete.ts'),
  ),
  entry(
    'session release',
    'Give a session of a git repository back to be claimed',
    () => import('./session/release.ts'),
  ),
  entry(
    'session renew',
    'Say that you are still at work on a session of a git repository',
    () => import('./session/renew.ts'),
  ),
  entry('session abandon', 'Give a session up, and say why', () => import('./session/abandon.ts')),
  entry(
    'session remove',
    'Take a session out of sight, and keep what it holds for a while',
    () => import('./session/remove.ts'),
  ),
  entry(
    'session restore',
    'Bring back a removed or abandoned session, or a checkpoint',
    () => import('./session/restore.ts'),
  ),
  entry(
    'session forget',
    'Delete what is kept of sessions of a git repository that are over',
    () => import('./session/forget.ts'),
  ),
  entry(
    'session repair',
    'Make workspaces and their git repository find each other again',
    () => import('./session/repair.ts'),
  ),
  entry('session fork', 'Start a session where another one stands', () => import('./session/fork.ts')),
  entry('land', 'Land the session of this workspace', () => import('./land.ts')),
  entry(
    'agent run',
    'Run any program on planned sessions, and complete them',
    () => import('./agent/run.ts'),
  ),
  entry(
    'watch',
    'Say what becomes of the sessions of a git repository, as it happens',
    () => import('./watch.ts'),
  ),
  entry('status', 'Show where you are, and the sessions under way', () => import('./status.ts')),
  entry('why', 'Show the session, goal and decisions behind a file or a line', () => import('./why.ts')),
  entry(
    'provision discover',
    'List the untracked files of a project and propose a configuration',
    () => import('./provision/discover.ts'),
  ),
  entry(
    'provision plan',
    'Show which untracked files a workspace would get',
    () => import('./provision/plan.ts'),
  ),
  entry(
    'provision apply',
    'Give a workspace the untracked files that it needs',
    () => import('./provision/apply.ts'),
  ),
  entry(
    'provision check',
    'Check that a workspace has the untracked files that it needs',
    () => import('./provision/check.ts'),
  ),
  entry('hub sync', 'Bring the hub and its cloud remote together', () => import('./hub/sync.ts')),
  entry('hub status', 'Show how the hub and its cloud remote stand', () => import('./hub/status.ts')),
  entry(
    'store init',
    'Make a store, a directory or a bucket, and see that it can be relied upon',
    () => import('./store/init.ts'),
  ),
  entry('store check', 'Try out whether a store can be relied upon', () => import('./store/check.ts')),
  entry(
    'store stats',
    'Show what the store holds, and what using it has cost',
    () => import('./store/stats.ts'),
  ),
  entry('store gc', 'Delete what nobody needs any more', () => import('./store/gc.ts')),
  entry('store fsck', 'Check everything in the store', () => import('./store/fsck.ts')),
  entry('store copy', 'Copy projects from one store to another', () => import('./store/copy.ts')),
  entry('completion', 'Print the completion script of a shell', () => import('./completion.ts')),
];

export const program: Program = {
  name: 'mic',
  introduction:
    'Many agents, one codebase: sessions that are complete, isolated copies of a project,\na record of why, and one safe way back.',
  commands,
};

/** An entry of a table of commands. */
export function entry(path: string, summary: string, load: CommandEntry['load']): CommandEntry {
  return { path, summary, load };
}
