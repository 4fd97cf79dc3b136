import { initHub } from '../app/hub/init.ts';
import { systemClock } from '../base/clock.ts';
import { systemRandom } from '../base/random.ts';
import { Git } from '../git/git-process.ts';
import { textFromPath } from '../tree/path.ts';
import { command } from './command.ts';
import { describeInit, initNotes } from './describe-init.ts';
import { flag, text } from './options.ts';

export default command({
  summary: 'Lay out sessions of agents in a git repository',
  description:
    'Adds _AGENTS/ to the main branch, in one commit: folders for sessions, their templates and instructions, and lines in\n.gitignore. Needs no working tree; one that is on main follows, with its edits. What somebody has edited stays as it is, and\ndone again it changes nothing.',
  options: {
    dryRun: flag('--dry-run', 'only say what would be done'),
    root: text('--root <folder>', 'another folder for it, instead of _AGENTS'),
    authority: text(
      '--authority <remote>',
      'the remote that decides who has a session, where several machines share it: tries out whether it can, and pushes the commit',
    ),
  },
  examples: [
    ['mic init --dry-run', 'What would be added?'],
    ['mic init', 'In a repository that all agents of this machine share'],
    ['mic init --authority origin', 'For agents on several machines, each with a clone of origin'],
  ],
  async run({ configuration, environment, directory }, _args, { dryRun, root, authority }) {
    const report = await initHub(
      directory,
      {
        git: new Git(environment),
        agent: configuration.agent,
        clock: systemClock,
        random: systemRandom,
      },
      { root, authority, mode: dryRun ? 'dry-run' : 'apply' },
    );
    const notes = initNotes(report);
    return {
      json: {
        root: textFromPath(report.layout.root),
        branch: report.branch,
        authority: report.authority ?? null,
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
