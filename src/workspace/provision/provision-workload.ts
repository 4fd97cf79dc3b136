import { Git } from '../../git/git-process.ts';
import { PortRegistry } from './port-registry.ts';
import { applyProvisioning } from './provisioning.ts';

/** For tests: a process that provisions one directory from another, until it has done so or is killed. */
const [from = '', to = '', state = '', conf = '', secrets = ''] = process.argv.slice(2);
const ports = new PortRegistry(state, async () => true);
await applyProvisioning({
  from,
  to,
  conf: [{ file: 'untracked-files.conf', text: conf }],
  secrets: [{ file: 'secrets.conf', text: secrets }],
  secretsFile: 'secrets.conf',
  facts: {
    slug: 'one',
    branch: 'session/one',
    user: { name: 'Ada', email: 'ada@example.com' },
    settings: {},
    environment: { PATH: process.env.PATH },
  },
  owner: `${from}#one`,
  git: new Git(process.env),
  ports,
  clock: { now: () => 1_700_000_000_000 },
  lock: { wait: () => Promise.resolve(), waitMsMax: 0 },
});
ports.close();
