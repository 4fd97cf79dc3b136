import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { type Random, randomText } from '../../base/random.ts';

const linuxBootId = '/proc/sys/kernel/random/boot_id';

/**
 * Names the time since the machine was started. Where the system has no name for it, each process has its own: clients
 * then write again what was not synced, after a restart of the server as after a loss of power.
 */
export function bootName(platform: NodeJS.Platform, random: Random): string {
  if (existsSync(linuxBootId)) return readFileSync(linuxBootId, 'utf8').trim();
  if (platform === 'darwin')
    return execFileSync('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8' }).trim();
  return randomText(random, 26);
}
