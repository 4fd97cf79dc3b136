import { Git } from '../../git/git-process.ts';
import { textFromPath } from '../../tree/path.ts';
import { discoverUntracked, proposeLines, type UntrackedEntry } from '../../workspace/provision/discover.ts';
import type { FileCategory } from '../../workspace/provision/file-categories.ts';
import { topOf } from '../../workspace/provision/locate-workspace.ts';
import { ProvisionError } from '../../workspace/provision/provision-error.ts';
import { command } from '../command.ts';
import { flag, text } from '../options.ts';
import { columns, counted, size } from '../wording.ts';

const headings: Readonly<Record<FileCategory, string>> = {
  configuration: 'Configuration',
  secret: 'Secrets, by their names',
  tool: 'Local tools',
  editor: 'Settings of editors',
  dependencies: 'Dependencies',
  build: 'Build output and caches',
  other: 'Others',
};

export default command({
  summary: 'List the untracked files of a project and propose a configuration',
  description:
    'Looks at names and sizes only: no file is read. With --conf the answer is a configuration, to be looked through and kept as\n_AGENTS/sessions/_config/untracked-files.conf.',
  options: {
    from: text(
      '--from <directory>',
      'the main workspace (otherwise the repository around the current directory)',
    ),
    conf: flag('--conf', 'print the proposed configuration'),
  },
  examples: [
    ['mic provision discover', 'What is there that git does not track?'],
    ['mic provision discover --conf > untracked-files.conf', 'A first configuration'],
  ],
  async run({ environment, directory }, _args, { from, conf }) {
    const git = new Git(environment);
    const root = await topOf(git, from ?? directory);
    if (root === undefined) {
      const message = `"${from ?? directory}" is in no git working tree. Call this in a repository, or say --from DIRECTORY.`;
      throw new ProvisionError('provision/no-workspace', message);
    }
    const proposals = await proposeLines(root, await discoverUntracked(git, root));
    const groups = Map.groupBy(proposals, ({ entry }) => entry.category);
    const sections = [...groups].map(([category, lines]) => {
      const heading = headings[category];
      if (conf) {
        const body = lines.flatMap(({ entry, line, reason }) => [
          `# ${reason}`,
          line ?? `# ${textFromPath(entry.path)}`,
        ]);
        return [`# ${heading}`, ...body].join('\n');
      }
      const rows = lines.map(({ entry, line, ignoreLine }) => [
        `  ${shown(entry)}`,
        amount(entry),
        line === undefined
          ? 'not ignored by git'
          : ignoreLine === undefined
            ? line
            : `${line}  needs the line ${ignoreLine} in .gitignore, without a / at its end`,
      ]);
      return [heading, columns(rows)].join('\n');
    });
    return {
      json: proposals.map(({ entry, line, ignoreLine, reason }) => ({
        ...entry,
        path: textFromPath(entry.path),
        line: line ?? null,
        ignoreLine: ignoreLine ?? null,
        reason,
      })),
      text: sections.join('\n\n') || 'Git tracks everything.',
    };
  },
});

function shown({ path, kind }: UntrackedEntry): string {
  return `${textFromPath(path)}${kind === 'directory' ? '/' : ''}`;
}

function amount({ files, bytes, isPartial, kind }: UntrackedEntry): string {
  const least = isPartial ? 'more than ' : '';
  return kind === 'file' ? size(bytes) : `${least}${counted(files, 'file')}, ${size(bytes)}`;
}
