import { stopRunningServer } from '../../app/file-server/start.ts';
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
    const pid = await stopRunningServer(configuration.fileServer);
    if (pid === undefined) return { json: { stopped: false }, text: 'mic-fs is not running.' };
    return { json: { stopped: true, pid }, text: 'mic-fs has ended.' };
  },
});
