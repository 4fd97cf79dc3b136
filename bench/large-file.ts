import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Benchmark, inScratch } from './measure.ts';

/** A 10 GiB file in and out, in a process of its own: how fast, and with how much memory. */
const benchmark: Benchmark = (say) =>
  inScratch(async (scratch) => {
    say('writing and reading a file of 10 GiB');
    const script = fileURLToPath(new URL('./large-file-process.ts', import.meta.url));
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, join(scratch, 'store')], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
    const { writeMbps, readMbps, writePeakMiB, peakMiB } = JSON.parse(stdout) as {
      writeMbps: number;
      readMbps: number;
      writePeakMiB: number;
      peakMiB: number;
    };
    return [
      { what: '10 GiB file in / out', value: `${writeMbps} / ${readMbps} MB/s` },
      {
        what: 'memory at its peak, in / in and out',
        value: `${writePeakMiB} / ${peakMiB} MiB`,
        aim: 'under 300 MiB',
      },
    ];
  });

export default benchmark;
