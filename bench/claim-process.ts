import { enableCompileCache } from 'node:module';
import type { Slug } from '../src/session/plan/slug.ts';

/** For the benchmark `claim`: claims the sessions that it is told, at once, and says when it has. Compiled code is kept, as `mic` does. */
enableCompileCache();
const { Git } = await import('../src/git/git-process.ts');
const { GitLedger } = await import('../src/ledger/git/git-ledger.ts');
const ledger = await GitLedger.open(new Git(process.env), process.argv[2]!, { machine: 'bench' });
process.once('message', async (slugs: readonly Slug[]) => {
  const by = { name: `Bench ${process.pid}`, email: 'bench@example.org' };
  await Promise.all(slugs.map((slug) => ledger.claim({ slug, by })));
  process.send!('done');
  await ledger.close();
  process.disconnect!();
});
process.send!('ready');
