import { randomInt } from 'node:crypto';
import { hasCode } from '../../base/error.ts';
import { Git } from '../../git/git-process.ts';
import { GitLedger } from './git-ledger.ts';

/**
 * For the race tests: an agent, run as `race-workload.ts HUB NAME one` or `… land`. It says what it does, a line each. `one`:
 * it claims one session. `land`: it claims and completes sessions until none is planned.
 */
const [hub, name, task] = process.argv.slice(2);
const by = { name: name!, email: `${name}@example.org` };
const ledger = await GitLedger.open(new Git(process.env), hub!, { machine: 'here' });
try {
  for (;;) {
    const planned = await ledger.list(['planned']);
    if (planned.length === 0) break;
    const { slug } = planned[randomInt(planned.length)]!;
    try {
      const { value: token } = await ledger.claim({ slug, by });
      console.log(`claimed ${slug} ${token.id}`);
      if (task === 'one') break;
      await ledger.complete({ token });
      console.log(`landed ${slug} ${token.id}`);
    } catch (error) {
      const isGone = hasCode(error, 'session/claim-lost') || hasCode(error, 'session/forbidden-move');
      if (!isGone) throw error;
      console.log(`lost ${slug}`);
    }
  }
} finally {
  await ledger.close();
}
