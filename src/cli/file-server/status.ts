import { findRunningServer, logFileOf } from '../../app/file-server/start.ts';
import type { ServedId } from '../../workspace/mount/file-server-port.ts';
import { command } from '../command.ts';
import { counted, moment } from '../wording.ts';

export default command({
  summary: 'Show whether it runs, and what it serves',
  description:
    'Shows process, port, log and the sessions that are served. Ends with 6 when it is not running.',
  options: {},
  examples: [['mic-fs status --json | jq .pid', 'The process, for a script']],
  async run({ configuration }) {
    const log = logFileOf(configuration.fileServer);
    const found = await findRunningServer(configuration.fileServer);
    if (found === undefined) {
      const text = `mic-fs is not running. "mic-fs start" starts it. Log: ${log}`;
      return { json: { running: false, log }, text, exit: 'unavailable' };
    }
    const { status, client } = found;
    const { sessions, lost } = await client.call('list', {});
    const written = (id: ServedId): string => (lost.includes(id) ? '  (written on another machine)' : '');
    const lines = [
      `mic-fs ${status.version}, process ${status.pid}, since ${moment(status.startedMs)}`,
      `Serves on ${status.host}, port ${status.port}: ${counted(status.exports, 'export')}, ${status.open} open`,
      `Log: ${log}`,
      ...sessions.map(({ id, session, directory, state }) =>
        state === 'served' ? `  ${session}  ${directory}${written(id)}` : `  ${session}  put aside`,
      ),
    ];
    return {
      json: { running: true, ...status, log, sessions: sessions.map(withoutSecret), lost },
      text: lines.join('\n'),
    };
  },
});

function withoutSecret<Served extends { readonly path: string }>({ path: _, ...shown }: Served) {
  return shown;
}
