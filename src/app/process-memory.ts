import { MemoryBudget } from '../base/memory-budget.ts';

const bytesMax = 128 * 1024 * 1024;

/** What the nodes and the files of all open projects may take of this process's memory together. */
export const processMemory = new MemoryBudget(bytesMax);
