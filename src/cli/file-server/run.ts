import { once } from 'node:events';
import process from 'node:process';
import { startFileServer } from '../../app/file-server/start.ts';
import { command } from '../command.ts';
import { choice } from '../options.ts';

/** What ends the server in good order. A second one of the same ends it at once. */
const endings = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

export default command({
  summary: 'Serve in the foreground, until a signal ends it',
  description:
    'Serves the sessions of this user until SIGTERM or SIGINT comes, then records what is open and ends. When one runs\nalready, says so and ends.',
  options: { log: choice('--log <where>', 'where to say what happens', ['stderr', 'file'], 'stderr') },
  examples: [
    ['mic-fs run', 'Look at what it does'],
    ['MICELIO_FS_PORT=2050 mic-fs run', 'On a port of your own choice'],
  ],
  async run({ configuration, announce }, _args, { log }) {
    const server = await startFileServer(configuration.fileServer, log, process.stderr);
    if (server === 'running') {
      return { json: { started: false }, text: 'mic-fs is running already. "mic-fs status" shows it.' };
    }
    const { host, port, pid } = server.status;
    announce({ json: { started: true, pid, host, port }, text: `Serving on ${host}, port ${port}.` });
    const ended = new AbortController();
    const signals = endings.map((signal) => once(process, signal, { signal: ended.signal }));
    await Promise.race([server.stopped, ...signals]);
    // What was not waited for ends with the wait.
    for (const signal of signals) signal.catch(() => {});
    ended.abort();
    await server.stop('checkpoint');
    return { json: undefined, text: '' };
  },
});
