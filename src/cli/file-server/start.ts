import { launchMounts } from '../../app/mounts.ts';
import { command } from '../command.ts';

export default command({
  summary: 'Serve in the background',
  description: 'Starts the file server where it does not run, as "mic" does when it needs it.',
  options: {},
  examples: [['mic-fs start', 'After a reboot, before anything is mounted']],
  async run({ configuration, environment }) {
    const { server } = await launchMounts(configuration, environment);
    const status = await server.call('status', {});
    return {
      json: status,
      text: `mic-fs serves on ${status.host}, port ${status.port} (process ${status.pid}).`,
    };
  },
});
