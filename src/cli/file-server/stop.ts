import { findRunningServer, stopRunningServer } from '../../app/file-server/start.ts';
import { command } from '../command.ts';

export default command({
  summary: 'Record what is open, and end the one in the background',
  description:
    'Records the sessions that are open as checkpoints, and ends the file server. Whoever uses a mounted session waits until\nit runs again, and loses nothing.',
  options: {},
  examples: [
    ['mic-fs stop', 'Before the settings are changed; the next command that needs it starts it anew'],
  ],
  async run({ configuration }) {
    const found = await findRunningServer(configuration.fileServer);
    if (found === undefined) return { json: { stopped: false }, text: 'mic-fs is not running.' };
    await stopRunningServer(configuration.fileServer, found);
    return { json: { stopped: true, pid: found.status.pid }, text: 'mic-fs has ended.' };
  },
});
