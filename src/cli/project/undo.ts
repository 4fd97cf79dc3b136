import { undoLanding } from '../../session/landing/undo.ts';
import { CliError } from '../cli-error.ts';
import { command } from '../command.ts';
import { conflictJson, conflictLine } from '../describe-session.ts';
import { projectFor } from '../open.ts';
import { text } from '../options.ts';
import { changeLine, counted } from '../wording.ts';

export default command({
  summary: 'Take back a landing by a new one',
  description:
    'Lands the reverse of what a landing changed. Everything that landed since stays; where it builds upon what is taken\nback, that is a conflict, and nothing is changed.',
  arguments: [{ name: '<landing>', description: 'the number of the landing, as "mic project log" shows it' }],
  options: {
    project: text(
      '--project <org/name>',
      'the project (otherwise that of the workspace, or $MICELIO_PROJECT)',
    ),
  },
  examples: [['mic project undo 42 --project=acme/web', 'Take back landing 42']],
  async run(context, [number], { project: name }) {
    if (!/^[1-9]\d{0,14}$/.test(number!))
      throw new CliError('cli/usage', `"${number}" is no number of a landing. "mic project log" shows them.`);
    const project = await projectFor(context, name);
    const outcome = await undoLanding(project, project.landings, Number(number), context.configuration.agent);
    if (outcome.outcome === 'conflict') {
      return {
        json: { outcome: 'conflict', conflicts: outcome.conflicts.map(conflictJson) },
        text: [
          `Later landings build upon landing ${number}. Nothing was changed. Conflicts:`,
          ...outcome.conflicts.map(conflictLine),
        ].join('\n'),
        exit: 'conflict',
      };
    }
    const { sequence, tree, changeCount, changes } = outcome.landing;
    return {
      json: { outcome: 'landed', sequence, newTree: `sha256:${tree}`, changeCount, changes },
      text: [
        `Landing ${sequence} takes back landing ${number}: ${counted(changeCount, 'changed file')}`,
        ...changes.map(changeLine),
      ].join('\n'),
    };
  },
});
