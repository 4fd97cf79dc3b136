import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import type { Lack } from '../needs.ts';

const programs = ['linux.uml', 'gcc', 'depmod', 'modprobe', 'ip', 'nsenter', 'setpriv', 'taskset', 'unshare'];
const files = ['/usr/bin/python3', '/sbin/mount.nfs', '/usr/lib/uml/modules', '/usr/include/signal.h'];

/** What a guest needs and this machine lacks. `others` are further programs that the guest is to run. */
export function guestLack(others: readonly string[] = []): Lack {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'guests run on Linux on x64 only';
  if (process.getuid?.() !== 0) return 'only root may start a guest';
  const missing = [
    ...[...programs, ...others].filter((program) => !isInstalled(program)),
    ...files.filter((file) => !existsSync(file)),
  ];
  if (missing.length > 0) return `${missing.join(', ')} is not there`;
  if (!isWritable('/dev/net/tun')) return '/dev/net/tun cannot be opened';
  if (spawnSync('unshare', ['--mount', '--net', '--pid', '--fork', 'true']).status !== 0)
    return 'this process may not make namespaces';
  return undefined;
}

function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
