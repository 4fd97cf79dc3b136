import { systemRandom } from '../../base/random.ts';
import { type BaseFile, baseOwner, contentWith, superuser, warmUp } from '../fixtures.ts';
import { filling, type Operation } from '../model/operation.ts';
import { SeededRandom } from '../model/seeded-random.ts';
import { VirtualSide } from '../model/virtual-side.ts';
import { openSessionFileSystem, type SessionFileSystem } from '../session-file-system.ts';

/** For tests: the base of the session that is killed. */
const files: Readonly<Record<string, BaseFile>> = {
  small: { bytes: Buffer.from('ten bytes.') },
  medium: { bytes: filling(1, 40 * 1024) },
  large: { bytes: filling(2, 1_500_000) },
  'src/deep/er/x': { bytes: Buffer.from('x') },
  'src/deep/y': { bytes: Buffer.from('y') },
  'src/main': { bytes: filling(3, 1000) },
  'empty/z': { bytes: Buffer.from('z') },
  link: { target: 'small' },
};

/** For tests: what is done in it: every kind of operation, and every way from one kind of content to another. */
export const operations: readonly Operation[] = [
  { kind: 'create', path: 'new', how: 'guarded', mode: 0o644 },
  { kind: 'write', path: 'new', offset: 0, bytes: filling(4, 100) },
  { kind: 'write', path: 'new', offset: 32_700, bytes: filling(5, 200) },
  { kind: 'write', path: 'new', offset: 10, bytes: filling(6, 20_000) },
  { kind: 'write', path: 'small', offset: 5, bytes: filling(7, 3) },
  { kind: 'write', path: 'medium', offset: 100, bytes: filling(8, 10) },
  { kind: 'write', path: 'medium', offset: 200_000, bytes: filling(9, 50) },
  { kind: 'truncate', path: 'medium', size: 150 },
  { kind: 'truncate', path: 'medium', size: 90_000 },
  { kind: 'write', path: 'large', offset: 700_000, bytes: filling(10, 1000) },
  { kind: 'append', path: 'large', bytes: filling(11, 5000) },
  { kind: 'makeDirectory', path: 'made', mode: 0o2775 },
  { kind: 'rename', path: 'src', to: 'made/moved' },
  { kind: 'rename', path: 'made/moved/deep', to: 'deep' },
  { kind: 'write', path: 'deep/er/x', offset: 0, bytes: filling(12, 40_000) },
  { kind: 'link', path: 'small', to: 'deep/hard' },
  { kind: 'remove', path: 'small' },
  { kind: 'write', path: 'deep/hard', offset: 0, bytes: filling(13, 50_000) },
  { kind: 'truncate', path: 'large', size: 0 },
  { kind: 'write', path: 'large', offset: 0, bytes: filling(14, 50_000) },
  { kind: 'rename', path: 'large', to: 'new' },
  { kind: 'makeSymlink', path: 'made/link', target: 'moved/main' },
  { kind: 'changeMode', path: 'made/moved/main', mode: 0o4755 },
  { kind: 'changeOwner', path: 'made/moved/main', uid: 7, gid: 8 },
  { kind: 'setTimes', path: 'new', accessed: 1, modified: 2 },
  { kind: 'create', path: 'made/excl', how: 'exclusive', mode: 0o600 },
  { kind: 'remove', path: 'deep/er/x' },
  { kind: 'removeDirectory', path: 'deep/er' },
  { kind: 'makeDirectory', path: 'deep/er', mode: 0o755 },
  { kind: 'remove', path: 'empty/z' },
  { kind: 'rename', path: 'deep', to: 'empty' },
  { kind: 'remove', path: 'empty/hard' },
  { kind: 'create', path: 'new', how: 'truncating', mode: 0o644 },
  { kind: 'remove', path: 'link' },
];

/** For tests: the project that the session is on. */
export function killedProject(): ReturnType<typeof contentWith> {
  return contentWith(files);
}

/** For tests: the session in `directory`, with everything in memory. Its times are always the same. */
export async function openKilledSession(
  { content, tree }: Awaited<ReturnType<typeof contentWith>>,
  directory: string,
): Promise<SessionFileSystem> {
  const session = await openSessionFileSystem({
    directory,
    content,
    base: tree,
    owner: baseOwner,
    clock: { now: () => 1_800_000_000_000 },
    random: systemRandom,
    boot: 'test',
  });
  await warmUp(content, tree, files);
  return session;
}

/** For tests: does an operation, and says `ok` or the name of an error. */
export function attempt(session: SessionFileSystem, operation: Operation): string {
  return new VirtualSide(session, new SeededRandom(1)).perform(operation, superuser).code;
}

/** For tests: does an operation that must not fail. */
export function perform(session: SessionFileSystem, operation: Operation): void {
  const code = attempt(session, operation);
  if (code !== 'ok') throw new Error(`${operation.kind} ${operation.path}: ${code}`);
}
