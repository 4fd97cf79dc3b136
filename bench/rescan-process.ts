import { enableCompileCache } from 'node:module';

/** Records a checkout as it is: what `mic session status` does first. */
enableCompileCache();
const [store, checkout] = process.argv.slice(2);
const { openProject } = await import('./project.ts');
const { openCheckout } = await import('../src/workspace/checkout/checkout.ts');
await openCheckout(await openProject(store!), checkout!).snapshot();
