/** Tells a person how far a long command is. */
export interface Progress {
  /** `done` of `total` (undefined where nobody knows) `what`, such as files. Cheap: call it as often as you like. */
  update(what: string, done: number, total?: number): void;
  /** Takes the line away. */
  clear(): void;
}

/** Nothing is shown for work that is done within this many ms, … */
const quietMs = 500;
/** … and then no more often than this. */
const intervalMs = 100;
const barLength = 24;

/** For output that nobody watches. */
export const noProgress: Progress = { update: () => {}, clear: () => {} };

/** One line on a terminal, rewritten in place. */
export function terminalProgress(stream: NodeJS.WriteStream, now: () => number): Progress {
  const startedMs = now();
  let shownMs = 0;
  let shown = false;
  return {
    update(what, done, total) {
      const time = now();
      if (time - startedMs < quietMs || time - shownMs < intervalMs) return;
      shownMs = time;
      shown = true;
      stream.write(`\r\x1b[2K${line(what, done, total).slice(0, (stream.columns ?? 80) - 1)}`);
    },
    clear() {
      if (shown) stream.write('\r\x1b[2K');
      shown = false;
    },
  };
}

function line(what: string, done: number, total: number | undefined): string {
  const count = done.toLocaleString('en-US');
  if (total === undefined || total === 0) return `${what}: ${count}`;
  const part = Math.min(1, done / total);
  const filled = Math.round(part * barLength);
  const bar = '█'.repeat(filled) + '░'.repeat(barLength - filled);
  return `${what} ${bar} ${Math.floor(part * 100)} % (${count} of ${total.toLocaleString('en-US')})`;
}
