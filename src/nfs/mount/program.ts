import type { Program } from '../procedure.ts';
import { dumpProcedure } from './dump.ts';
import { exportProcedure } from './export.ts';
import { mnt } from './mnt.ts';
import { nullProcedure } from './null.ts';
import { umnt } from './umnt.ts';
import { umntall } from './umntall.ts';

/** The MOUNT protocol, version 3 (RFC 1813, 5): its procedures by their numbers. */
export const mountProgram: Program = {
  number: 100_005,
  version: 3,
  procedures: [
    /* 0 */ nullProcedure,
    /* 1 */ mnt,
    /* 2 */ dumpProcedure,
    /* 3 */ umnt,
    /* 4 */ umntall,
    /* 5 */ exportProcedure,
  ],
};
