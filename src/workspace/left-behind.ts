import type { TreePath } from '../tree/path.ts';

/** What a directory can hold that a tree cannot. The order is part of the format of a checkout's state. */
export const leftBehindKinds = ['fifo', 'socket', 'device', 'git-directory', 'nested-repository'] as const;

export type LeftBehindKind = (typeof leftBehindKinds)[number];

/** True for a kind that is left behind, among all that a name can be. */
export function isLeftBehindKind(kind: string): kind is LeftBehindKind {
  return (leftBehindKinds as readonly string[]).includes(kind);
}

/** Something that was not taken into a tree, and why. */
export interface LeftBehind {
  readonly path: TreePath;
  /** One sentence for people. */
  readonly reason: string;
}

const reasons: Record<LeftBehindKind, string> = {
  fifo: 'It is a FIFO, which has no content of its own.',
  socket: 'It is a socket, which has no content of its own.',
  device: 'It is a device, not a file.',
  'git-directory': 'It is the inside of a git repository; only the files beside it are kept.',
  'nested-repository': 'It is a git repository of its own. Remove its ".git" to keep its files here.',
};

export function leftBehind(path: TreePath, kind: LeftBehindKind): LeftBehind {
  return { path, reason: reasons[kind] };
}
