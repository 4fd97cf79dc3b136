import { entry } from './commands.ts';
import type { Program } from './program.ts';

/** The file server of mounted sessions, as a program of its own. */
export const program: Program = {
  name: 'mic-fs',
  introduction:
    'Serves the files of mounted sessions over NFS, for this user. "mic" starts it when something is to be\nmounted; there is nothing to set up.',
  commands: [
    entry('run', 'Serve in the foreground, until a signal ends it', () => import('./file-server/run.ts')),
    entry('start', 'Serve in the background', () => import('./file-server/start.ts')),
    entry(
      'stop',
      'Record what is open, and end the one in the background',
      () => import('./file-server/stop.ts'),
    ),
    entry('status', 'Show whether it runs, and what it serves', () => import('./file-server/status.ts')),
  ],
};
