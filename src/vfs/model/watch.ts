import type { Operation } from './operation.ts';
import type { RealSide } from './real-side.ts';
import { describeSeen, linksAgree, type SeenFile } from './seen-file.ts';
import type { VirtualSide } from './virtual-side.ts';

/** Paths at which something may change, and what was there on both sides before. */
export interface Watch {
  readonly paths: readonly string[];
  readonly virtual: readonly (SeenFile | undefined)[];
  readonly real: readonly (SeenFile | undefined)[];
}

/** Whether the real side's times can be trusted to differ after each change. */
export type Clockwork = 'fine' | 'coarse';

/** `others` has another name of files that have several. */
export function watch(
  operation: Operation,
  virtual: VirtualSide,
  real: RealSide,
  others: ReadonlyMap<string, string>,
): Watch {
  const paths = [parentOf(operation.path), operation.path];
  if ('to' in operation) paths.push(parentOf(operation.to), operation.to);
  const more = paths.map((path) => others.get(path)).filter((path) => path !== undefined);
  paths.push(...more);
  return {
    paths,
    virtual: paths.map((path) => virtual.see(path)),
    real: paths.map((path) => real.see(path)),
  };
}

/** In what the two sides differ after an operation, a line each. */
export function differencesSince(
  before: Watch,
  virtual: VirtualSide,
  real: RealSide,
  clockwork: Clockwork,
  { kind }: Operation,
  code: string,
): string[] {
  const isMove = kind === 'rename' || kind === 'link';
  const after = before.paths.map((path) => [virtual.see(path), real.see(path)] as const);
  const found: string[] = [];
  for (const [index, path] of before.paths.entries()) {
    const [virtualNow, realNow] = after[index]!;
    found.push(...stateDifferences(path, virtualNow, realNow));
    if (kind === 'setTimes' && code === 'ok' && index === 1)
      found.push(...setTimeDifferences(path, virtualNow, realNow));
    found.push(
      ...timeDifferences(path, [before.virtual[index], virtualNow], [before.real[index], realNow], clockwork),
    );
  }
  // What was moved, was it touched?
  if (isMove) {
    const [virtualMoved, realMoved] = after[3]!;
    found.push(
      ...timeDifferences(
        'what was moved',
        [before.virtual[1], virtualMoved],
        [before.real[1], realMoved],
        clockwork,
      ),
    );
  }
  return found;
}

/** What both sides must agree about in a file, however it came to be so. */
export function stateDifferences(
  path: string,
  virtual: SeenFile | undefined,
  real: SeenFile | undefined,
): string[] {
  const [virtually, really] = [describeSeen(virtual), describeSeen(real)];
  if (virtually !== really) return [`${path}: ${virtually}, but really ${really}`];
  if (linksAgree(virtual, real)) return [];
  return [`${path}: a directory with ${virtual?.links} links, but really ${real?.links}`];
}

function setTimeDifferences(
  path: string,
  virtual: SeenFile | undefined,
  real: SeenFile | undefined,
): string[] {
  // A symlink may lie on the way to itself, and then the kernel has just read it.
  const isRead = real?.type === 'symlink';
  const isSame = virtual?.modified === real?.modified && (isRead || virtual?.accessed === real?.accessed);
  return isSame ? [] : [`${path}: its times were set differently`];
}

type Change = readonly [before: SeenFile | undefined, after: SeenFile | undefined];

function timeDifferences(path: string, virtual: Change, real: Change, clockwork: Clockwork): string[] {
  const found: string[] = [];
  for (const time of ['modified', 'changed'] as const) {
    const [virtually, really] = [fateOf(virtual, time), fateOf(real, time)];
    // A coarse clock may not have moved on meanwhile.
    const isUncertain = clockwork === 'coarse' && virtually === 'moved' && really === 'kept';
    if (virtually !== really && !isUncertain) {
      found.push(`${path}: time ${time} was ${virtually}, but really ${really}`);
    }
  }
  return found;
}

function fateOf([before, after]: Change, time: 'modified' | 'changed'): string {
  if (before === undefined || after === undefined || before.inode !== after.inode) return 'another file’s';
  return before[time] === after[time] ? 'kept' : 'moved';
}

export function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}
