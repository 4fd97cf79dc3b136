import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { endGroup } from '../../agents/process-group.ts';
import type { ObjectId } from '../../git/object-id.ts';
import type { Repository } from '../../git/repository.ts';
import { workspaceErrorFrom } from '../../workspace/workspace-error.ts';
import { HubError } from './hub-error.ts';
import { untilEnded } from './until-ended.ts';
import { withCheckout } from './verify-scratch.ts';

/** How much of the end of a failed command's output is shown, in characters. */
const shownMax = 4000;
/** How long a command has to end when it is told to, in ms. */
const graceMs = 5000;

export interface VerifyRequest {
  /** Any command line of the shell: the project's own. */
  readonly command: string;
  /** What main would become. */
  readonly commit: ObjectId;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where the output is kept, absolute. */
  readonly log: string;
  /** Runs `work` while the files of the commit have beside them what git does not keep, such as dependencies. */
  readonly furnish: <T>(directory: string, work: () => Promise<T>) => Promise<T>;
}

/**
 * Runs the project's own check on what main would become, in a working tree made for it. Throws `session/verify-failed`
 * with the end of what the command said. A signal that ends this process is obeyed once the working tree is gone again.
 */
export async function verifyCommit(hub: Repository, request: VerifyRequest): Promise<void> {
  try {
    await verifyInScratch(hub, request);
  } catch (error) {
    throw workspaceErrorFrom(error, 'check what would land');
  }
}

async function verifyInScratch(hub: Repository, request: VerifyRequest): Promise<void> {
  const { code, tail } = await untilEnded((ending) =>
    withCheckout(hub, request.commit, (directory) =>
      request.furnish(directory, () => runShell({ ...request, directory, ending })),
    ),
  );
  if (code === 0) return;
  throw new HubError(
    'session/verify-failed',
    `The project's check "${request.command}" failed on the merged result (${code === undefined ? 'it was killed' : `exit code ${code}`}), so main stays as it was. Its output is in ${request.log}; it ends with:\n${tail}`,
  );
}

/** Runs a command line, its output in a file. Where this process is ending, the command and all that it has started are ended first. */
async function runShell(options: {
  readonly command: string;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: string;
  readonly ending: AbortSignal | undefined;
}): Promise<{ readonly code: number | undefined; readonly tail: string }> {
  const { command, directory, environment, log, ending } = options;
  const file = createWriteStream(log, { flags: 'a' });
  const child = spawn('/bin/sh', ['-c', command], {
    cwd: directory,
    env: { ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, which can be ended as a whole.
    detached: ending !== undefined,
  });
  const end = () => {
    if (child.pid !== undefined) void endGroup(child.pid, graceMs);
  };
  ending?.addEventListener('abort', end);
  if (ending?.aborted) end();
  let tail = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      file.write(bytes);
      tail = (tail + bytes.toString('utf8')).slice(-shownMax);
    });
  }
  const code = await new Promise<number | undefined>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exit) => resolve(exit ?? undefined));
  });
  ending?.removeEventListener('abort', end);
  file.end();
  await finished(file);
  return { code, tail: tail.trim() };
}
