import { PortRegistry } from './port-registry.ts';

/** For tests: a process that takes ten ports in a registry, one by one, while others do the same. */
const [state = '', id = ''] = process.argv.slice(2);
// All look for a port in the same place, so that they meet.
const registry = new PortRegistry(state, async () => true);
for (let i = 0; i < 10; i++) await registry.lease({ id, workspace: state }, [`port-${i}`]);
registry.close();
