import { existsSync } from 'node:fs';
import type { HubSessions } from '../../app/hub/hub-sessions.ts';
import { textFromPath } from '../../tree/path.ts';
import type { RemovedWorkspace } from '../../workspace/git/remove-git-workspace.ts';
import type { GoneFiles } from '../../workspace/git/unkept-files.ts';
import type { CommandContext } from '../command.ts';
import { counted, size } from '../wording.ts';
import { shellWord } from './describe.ts';

/** How many files and directories that went are named. */
const namedMax = 10;

const reasonWords: Record<GoneFiles['reason'], string> = {
  dependencies: 'dependencies',
  build: 'build output',
  secret: 'was rendered with secrets, and edited',
  dropped: 'dropped',
  special: 'a FIFO, socket or device, which has no content',
};

/** What became of what git does not keep, for `--json`. */
export function removedJson({ aside, gone }: RemovedWorkspace) {
  return {
    aside: aside === undefined ? null : { ...aside },
    gone: gone.map(({ path, ...rest }) => ({ path: textFromPath(path), ...rest })),
  };
}

/** What is said to a shell whose directory went with the workspace. */
export function leftShellLines({ directory }: CommandContext, { mainDirectory }: HubSessions): string[] {
  return existsSync(directory)
    ? []
    : [`The workspace is gone, and your shell is still in it: cd ${shellWord(mainDirectory)}`];
}

/** The same for people. */
export function removedLines({ aside, gone }: RemovedWorkspace): string[] {
  const lines: string[] = [];
  if (aside !== undefined && aside.files > 0)
    lines.push(
      `Set aside ${counted(aside.files, 'file')} that git does not keep (${size(aside.bytes)}): ${aside.directory}`,
    );
  if (gone.length === 0) return lines;
  const [files, bytes] = gone.reduce(([f, b], one) => [f + one.files, b + one.bytes], [0, 0]);
  lines.push(`Not kept, and gone: ${counted(files, 'file')} (${size(bytes)})`);
  const largest = [...gone].sort((a, b) => b.bytes - a.bytes).slice(0, namedMax);
  for (const { path, kind, reason, ...of } of largest) {
    const name = `${textFromPath(path)}${kind === 'directory' ? '/' : ''}`;
    lines.push(`  ${name}  ${counted(of.files, 'file')}, ${size(of.bytes)}: ${reasonWords[reason]}`);
  }
  if (gone.length > namedMax) lines.push(`  and ${gone.length - namedMax} more`);
  return lines;
}
