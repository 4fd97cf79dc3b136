import { runFleet } from '../test/ceph/fleet.ts';
import { prepareCeph, startCeph } from './ceph.ts';
import { type Benchmark, median, ms, times } from './measure.ts';

const rounds = 3;
const [processes, sessions] = [8, 100];

/**
 * Sessions started, recorded and landed on one project of a bucket by eight processes, through two gateways; and by one
 * process, one after the other, which is what one compare-and-swap at a time comes to.
 */
const benchmark: Benchmark = async (say) => {
  prepareCeph();
  const ceph = await startCeph();
  try {
    const { endpoints } = ceph.bucket.service;
    const [together, alone]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      const all = { processes, sessions, atOnce: 10, endpoints };
      together.push((await runFleet(ceph.bucket, `together-${round}`, all)).ms);
      const one = { processes: 1, sessions, atOnce: 1, endpoints };
      alone.push((await runFleet(ceph.bucket, `alone-${round}`, one)).ms);
      say(`round ${round + 1}: ${ms(together.at(-1)!)}, alone ${ms(alone.at(-1)!)}`);
    }
    const rate = (count: number, spent: readonly number[]): number => (count * 1000) / median(spent);
    const [fast, slow] = [rate(processes * sessions, together), rate(sessions, alone)];
    return [
      {
        what: `${processes} processes × ${sessions} sessions started, recorded and landed on one project`,
        value: `${fast.toFixed(1)} landings/s`,
        against: `one process, one after the other: ${slow.toFixed(1)} landings/s`,
        ratio: times(fast / slow),
        aim: 'report',
      },
    ];
  } finally {
    await ceph.end();
  }
};

export default benchmark;
