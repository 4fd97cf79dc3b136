import { spawnSync } from 'node:child_process';
import type { Lack } from '../needs.ts';

/** What this machine lacks to run Ceph. */
export function cephLack(): Lack {
  const programs = ['ceph-mon', 'ceph-osd', 'radosgw', 'radosgw-admin', 'ceph', 'monmaptool'];
  const missing = programs.filter((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0);
  if (missing.length === 0) return undefined;
  return `Ceph is not installed (${missing.join(', ')}); on Debian: apt-get install --no-install-recommends ceph-mon ceph-osd radosgw`;
}
