import { join } from 'node:path';
import { type Benchmark, inScratch, median, medianRatio, ms, run, sideBySide, times } from './measure.ts';
import { makeProject } from './project.ts';
import { publishedBin } from './published-bin.ts';

/** `mic session start` without a workspace, as a whole process, against Node.js doing nothing. */
const benchmark: Benchmark = () =>
  inScratch(async (scratch) => {
    await makeProject(scratch, 1000);
    const env = { ...process.env, MICELIO_STORE: scratch };
    const mic = join(publishedBin, 'mic');
    const measured = await sideBySide(30, {
      mic: {
        run: () =>
          run(mic, ['session', 'start', 'bench', '--project=bench/project', '--workspace=none'], { env }),
      },
      node: { run: () => run(process.execPath, ['-e', '0']) },
    });
    return [
      {
        what: '`mic session start --workspace=none`, whole process',
        value: ms(median(measured.mic)),
        against: `node -e 0: ${ms(median(measured.node))}`,
        ratio: times(medianRatio(measured.mic, measured.node)),
        aim: 'under 3×',
      },
    ];
  });

export default benchmark;
