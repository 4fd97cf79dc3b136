/** stress-ng's file system stressors, and how many of its operations take a second or so on a mount. */
export const stressors: Readonly<Record<string, number>> = {
  access: 20,
  chdir: 200,
  chmod: 50,
  chown: 50,
  copy_file: 20,
  dentry: 1000,
  dir: 500,
  dirdeep: 200,
  dirmany: 500,
  dup: 100,
  fallocate: 10,
  fiemap: 100,
  filename: 100,
  flock: 200,
  fpunch: 10,
  fstat: 100,
  getdent: 200,
  hdd: 200,
  iomix: 50,
  link: 200,
  locka: 100,
  lockf: 100,
  metamix: 50,
  mknod: 200,
  open: 200,
  rename: 200,
  seek: 200,
  sendfile: 50,
  symlink: 100,
  'sync-file': 10,
  touch: 200,
  unlink: 200,
  utime: 500,
  verity: 10,
  xattr: 10,
};

/** Runs one stressor in the current directory, for that many of its operations and not longer than a time. */
export function stressCommand(stressor: string, operations: number, seconds = 20): string {
  return `stress-ng --temp-path . --${stressor} 1 --${stressor}-ops ${operations} --verify --timeout ${seconds}s 2>&1`;
}
