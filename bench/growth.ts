import { randomBytes } from 'node:crypto';
import { addFile } from '../src/blob/file.ts';
import { type Benchmark, inScratch } from './measure.ts';
import { openProject } from './project.ts';

/** What the store grows by when ten bytes are put in front of a large file. Random bytes: nothing helps but chunks. */
const benchmark: Benchmark = () =>
  inScratch(async (scratch) => {
    const growth: number[] = [];
    for (let round = 0; round < 9; round++) {
      const project = await openProject(`${scratch}/${round}`);
      const bytes = randomBytes(32 * 1024 * 1024);
      const stored = async (): Promise<number> => {
        let total = 0;
        for await (const { size } of project.blobs.store.list('')) total += size;
        return total;
      };
      const write = async (content: Buffer): Promise<void> => {
        const batch = await project.blobs.openBatch();
        await addFile(batch, content);
        await batch.flush();
      };
      await write(bytes);
      const before = await stored();
      await write(Buffer.concat([Buffer.from('0123456789'), bytes]));
      growth.push((await stored()) - before);
    }
    growth.sort((a, b) => a - b);
    const kib = (bytes: number): string => `${Math.round(bytes / 1024)} KiB`;
    return [
      {
        what: 'store growth, 10 bytes in front of 32 MiB',
        value: `${kib(growth[4]!)} (${kib(growth[0]!)} to ${kib(growth[8]!)})`,
        against: '32 MiB',
        aim: 'under 100 KiB',
      },
    ];
  });

export default benchmark;
