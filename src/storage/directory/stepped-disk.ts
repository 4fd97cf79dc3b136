import type { Disk } from './disk.ts';

/** One step of a disk: which, and on what. */
export interface DiskStep {
  readonly name: keyof Disk;
  readonly parameters: readonly unknown[];
}

/** For tests: `disk`, with `before` called before every step. What it throws is what the step fails with. */
export function steppedDisk(disk: Disk, before: (step: DiskStep) => void): Disk {
  return new Proxy(disk, {
    get(target, name: keyof Disk) {
      return (...parameters: unknown[]) => {
        before({ name, parameters });
        return Reflect.apply(target[name], target, parameters);
      };
    },
  });
}
