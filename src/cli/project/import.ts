import { CliError } from '../cli-error.ts';
import { command } from '../command.ts';
import { importInto, sourceOf, sourceOptions } from '../import-source.ts';
import { projectFor } from '../open.ts';

export default command({
  summary: 'Bring what is new in a repository or directory into a project',
  description:
    'Imports files again, reading only what changed, and lands what is new since the last import from the same place. What\nlanded here in between stays.',
  arguments: [
    { name: '[org/name]', description: 'the project (otherwise that of the workspace, or $MICELIO_PROJECT)' },
  ],
  options: sourceOptions,
  examples: [
    ['mic project import acme/web --from=../web', 'Bring the project up to date with the repository'],
  ],
  async run(context, [name], options) {
    const project = await projectFor(context, name);
    const source = sourceOf(context, options);
    if (source === undefined) throw new CliError('cli/usage', 'Import from where? Say --from DIRECTORY.');
    return importInto(context, project, source, options.message);
  },
});
