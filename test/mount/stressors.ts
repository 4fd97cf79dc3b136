/** stress-ng's file system stressors that have something to do on a mount, by subject. */
export const stressors: Readonly<Record<string, readonly string[]>> = {
  attributes: ['access', 'chmod', 'chown', 'fstat', 'touch', 'utime'],
  directories: ['dentry', 'dir', 'dirdeep', 'dirmany', 'filename', 'getdent'],
  names: ['chdir', 'link', 'mknod', 'open', 'rename', 'symlink'],
  content: ['copy-file', 'fallocate', 'fpunch', 'hdd', 'iomix', 'seek', 'sendfile', 'sync-file'],
  locks: ['dup', 'fcntl', 'flock', 'lease', 'locka', 'lockf', 'lockofd'],
};

/** Runs stressors side by side in the current directory, checking what they do. Clearing up takes them a while more. */
export function stressCommand(names: readonly string[], seconds: number): string {
  const each = names.map((name) => `--${name} 1`).join(' ');
  return `stress-ng --temp-path . ${each} --verify --timeout ${seconds}s --hdd-bytes 64M --iomix-bytes 64M \\
    --fallocate-bytes 64M --copy-file-bytes 128M --seek-size 16M --sendfile-size 4M --sync-file-bytes 16M 2>&1`;
}
