import { resolve } from 'node:path';
import { chooseTree } from '../../app/choose-tree.ts';
import { serveTree } from '../../app/serve-tree.ts';
import { CliError } from '../cli-error.ts';
import { command } from '../command.ts';
import { projectFor } from '../open.ts';
import { number, text } from '../options.ts';

export default command({
  summary: 'Serve a head, session or landing to be mounted and read',
  description:
    'Serves the files of a head, or what --session, --landing or --tree names, over NFS, to be read and not written. Mounts\nnothing: prints the command that does. The files are those of this moment, and never change. Whoever knows the hash of\nthe tree can mount it.',
  arguments: [
    { name: '[org/name]', description: 'the project (otherwise that of the workspace, or $MICELIO_PROJECT)' },
  ],
  options: {
    session: text('--session <id>', 'the files of a session, as they were last recorded'),
    landing: number('--landing <number>', 'the files as a landing left them'),
    tree: text('--tree <hash>', 'the files of any tree'),
    directory: text('--directory <path>', 'where it is to be mounted (otherwise /mnt)'),
  },
  examples: [
    ['mic project mount acme/web --directory=/mnt/web', 'The head, to look around in'],
    ['mic project mount acme/web --landing=12 --json | jq -r .export', 'The export path of a landing'],
  ],
  async run(context, [name], { session, landing, tree, directory }) {
    if ([session, landing, tree].filter((choice) => choice !== undefined).length > 1) {
      throw new CliError('cli/usage', 'Say one of --session, --landing and --tree.');
    }
    const project = await projectFor(context, name);
    const { configuration, environment } = context;
    const chosen = await chooseTree(project, configuration.agent, { session, landing, tree });
    const place = resolve(context.directory, directory ?? '/mnt');
    const served = await serveTree(configuration, environment, project, chosen, place);
    const { host, port, path, command: line } = served;
    return {
      json: { tree: `sha256:${chosen.tree}`, host, port, export: path, command: line },
      text: `Export:  ${path}\nServer:  ${host}, port ${port}\nCommand: ${line}`,
    };
  },
});
