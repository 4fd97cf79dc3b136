import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Scratch } from '../mic.ts';
import { describeWherePossible } from '../needs.ts';
import { lackOfSmallDisk, runOnSmallDisk } from './small-disk.ts';

const workload = (name: string) => fileURLToPath(new URL(`./${name}-workload.ts`, import.meta.url));

describeWherePossible('on a full disk', lackOfSmallDisk, () => {
  test('all that writes says so and changes nothing; with space again, all works', async () => {
    await runOnSmallDisk(new Scratch('full disk'), workload('full-disk'));
  });

  test('so do sessions of a git repository, also on a disk that may not be written', async () => {
    await runOnSmallDisk(new Scratch('full hub'), workload('full-hub'));
  });
});
