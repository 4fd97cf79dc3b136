import { initHub } from '../app/hub/init.ts';
import type { AuthorityWish } from '../app/hub/init-authority.ts';
import { systemClock } from '../base/clock.ts';
import { systemRandom } from '../base/random.ts';
import { Git } from '../git/git-process.ts';
import { textFromPath } from '../tree/path.ts';
import { CliError } from './cli-error.ts';
import { command } from './command.ts';
import { describeInit, initNotes } from './describe-init.ts';
import { flag, text } from './options.ts';

export default command({
  summary: 'Lay out sessions of agents in a git repository',
  description:
    'Adds _AGENTS/ to the main branch, in one commit: folders for sessions, their templates and instructions, and lines in\n.gitignore. Needs no working tree; one that is on main follows, with its edits. What somebody has edited stays as it is, and\ndone again it changes nothing. One repository decides who has a session: this one, where nothing else is said; clones of it can\nread its sessions, and not claim them.',
  options: {
    dryRun: flag('--dry-run', 'only say what would be done'),
    root: text('--root <folder>', 'another folder for it, instead of _AGENTS'),
    authority: text(
      '--authority <who>',
      'who decides who has a session: a remote, for agents on several machines (tries out whether it can, and pushes the commit), or "local", this repository, for all who work in it',
    ),
    takeOver: flag(
      '--take-over',
      'with --authority: though another repository decides, which is gone for good and cannot be asked',
    ),
  },
  examples: [
    ['mic init --dry-run', 'What would be added?'],
    ['mic init', 'In a repository that all agents of this machine share'],
    ['mic init --authority origin', 'For agents on several machines, each with a clone of origin'],
    ['mic init --authority local', 'Back to this repository alone, once nobody has a session'],
  ],
  async run({ configuration, environment, directory }, _args, { dryRun, root, authority, takeOver }) {
    if (takeOver && authority === undefined)
      throw new CliError('cli/usage', 'Say with --authority who is to decide.');
    const report = await initHub(
      directory,
      {
        git: new Git(environment),
        agent: configuration.agent,
        clock: systemClock,
        random: systemRandom,
      },
      {
        root,
        authority: authority === undefined ? undefined : wishOf(authority),
        another: takeOver ? 'take over' : 'refuse',
        mode: dryRun ? 'dry-run' : 'apply',
      },
    );
    const notes = initNotes(report);
    return {
      json: {
        root: textFromPath(report.layout.root),
        branch: report.branch,
        decides: report.decider.kind,
        authority: report.decider.kind === 'remote' ? report.decider.name : null,
        commit: report.commit ?? null,
        dryRun,
        files: report.steps.map(({ action, path }) => ({ action, path: textFromPath(path) })),
        notes,
      },
      text: describeInit(report, dryRun ? 'would be done' : 'is done'),
      notes,
    };
  },
});

function wishOf(who: string): AuthorityWish {
  return who === 'local' ? { kind: 'this' } : { kind: 'remote', name: who };
}
