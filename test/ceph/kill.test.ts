import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Ended } from '../mic.ts';
import { describeWherePossible } from '../needs.ts';
import { BucketScratch } from './bucket-scratch.ts';
import { CephCluster } from './cluster.ts';
import { checkpoints, type Deed, type Deeds, imports, landings } from './deeds.ts';
import { cephLack } from './lack.ts';
import { TestBucket } from './test-bucket.ts';

/** How often each is tried, at another moment each time. */
const rounds = Number(process.env.MICELIO_TEST_ROUNDS ?? 1);

describeWherePossible('mic on a store in a bucket, where something is killed', cephLack(), () => {
  const directory = mkdtempSync(join(tmpdir(), 'mic-s3-'));
  let cluster: CephCluster;
  let bucket: TestBucket;
  before(async () => {
    // One for each of those below: what one waits for must not disturb the others.
    cluster = await CephCluster.start({ directory, gateways: 3 });
    bucket = await TestBucket.makeIn(cluster.service);
  });
  after(async () => {
    await cluster?.kill();
    rmSync(directory, { recursive: true, force: true });
  });

  describe('at a random moment', { concurrency: true }, () => {
    for (const [gateway, [name, make]] of Object.entries({ imports, checkpoints, landings }).entries()) {
      describe(name, { concurrency: false }, () => {
        const scratch = new BucketScratch(name, () => bucket, gateway);
        let deeds: Deeds;
        /** How long one takes that nobody disturbs, in ms. */
        let usualMs: number;
        before(async () => {
          deeds = make(scratch);
          const deed = await deeds();
          const started = performance.now();
          await scratch.mic(deed.args, { in: deed.in });
          usualMs = performance.now() - started;
          await deed.requireDone();
        });

        /** Does a deed, and `disturb` at a random moment of it; answers how it ended. */
        const disturbed = async (
          deed: Deed,
          disturb: (mic: ChildProcess) => unknown,
        ): Promise<Ended & { readonly when: string }> => {
          const started = Promise.withResolvers<ChildProcess>();
          const ending = scratch.mic(deed.args, { in: deed.in, exit: 'any', onStart: started.resolve });
          const moment = Math.random() * usualMs;
          await delay(moment);
          await disturb(await started.promise);
          const when = `disturbed ${Math.round(moment)} ms after its start, of ${Math.round(usualMs)}`;
          return { ...(await ending), when };
        };
        /** The store is whole, whatever was done; done again, it is done once. */
        const finish = async (
          deed: Deed,
          { when, stderr }: { when: string; stderr: string },
        ): Promise<void> => {
          try {
            await scratch.requireWhole();
            await scratch.mic(deed.args, { in: deed.in });
            await deed.requireDone();
            await scratch.requireWhole();
          } catch (cause) {
            throw new Error(`${when}, and said: ${stderr}`, { cause });
          }
        };

        test('go on when a gateway is killed and comes back', async () => {
          for (let round = 0; round < rounds; round++) {
            const deed = await deeds();
            const ended = await disturbed(deed, async () => {
              await cluster.killGateway(gateway);
              await cluster.startGateway(gateway);
            });
            assert.equal(ended.code, 0, `${ended.when}: ${ended.stderr}`);
            await deed.requireDone();
            await finish(deed, ended);
          }
        });

        test('end in words when a gateway is killed and stays away, and are done once it is back', async () => {
          for (let round = 0; round < rounds; round++) {
            const deed = await deeds();
            const ended = await disturbed(deed, () => cluster.killGateway(gateway));
            await cluster.startGateway(gateway);
            if (ended.code !== 0) {
              assert.equal(ended.code, 6, `${ended.when}: ${ended.stderr}`);
              assert.match(ended.stderr, /nothing answers at .* Is it running|connection .* broke .* again/);
            }
            await finish(deed, ended);
          }
        });

        test('that are killed themselves are done when they are called again', async () => {
          for (let round = 0; round < rounds; round++) {
            const deed = await deeds();
            await finish(deed, await disturbed(deed, (mic) => mic.kill('SIGKILL')));
          }
        });
      });
    }
  });
});
