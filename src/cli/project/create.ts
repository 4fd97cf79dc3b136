import { createToFill, requireSource } from '../../app/projects.ts';
import { createProject } from '../../session/project-import.ts';
import { parseProjectName } from '../../session/project-name.ts';
import { command } from '../command.ts';
import { importInto, sourceOf, sourceOptions } from '../import-source.ts';
import { text } from '../options.ts';

export default command({
  summary: 'Make a project, from a git repository or a directory',
  description:
    'Makes a project and imports files into it: a git repository at a revision, or a directory that is no repository, without\nwhat its .gitignore files exclude. Without --from the project is empty.',
  arguments: [{ name: '<org/name>', description: 'how the project is called' }],
  options: { ...sourceOptions, description: text('--description <text>', 'what the project is') },
  examples: [
    ['mic project create acme/web --from=.', 'Import the repository that you are in, at HEAD'],
    ['mic project create acme/web --from=../web --revision=v2.0', 'Import a tag'],
    ['mic project create acme/data --from=./data --files --all', 'Import a directory with everything in it'],
  ],
  async run(context, [name], { description, ...options }) {
    const micelio = await context.openMicelio();
    const project = await micelio.project(parseProjectName(name!));
    const source = sourceOf(context, options);
    if (source === undefined) {
      await createProject(project, description ?? '');
      return {
        json: { project: project.name, sequence: 0 },
        text: `Made the empty project ${project.name}.`,
      };
    }
    await requireSource(context.environment, source);
    await createToFill(project, description ?? '');
    return importInto(context, project, source, options.message);
  },
});
