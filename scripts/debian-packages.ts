import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

/** Programs that tests hold Micelio against, and the Debian packages that have them. */
const programs: Readonly<Record<string, string>> = {
  'ceph-mon': 'ceph-mon',
  'ceph-osd': 'ceph-osd',
  fish: 'fish',
  git: 'git',
  'git-lfs': 'git-lfs',
  'nfs-ls': 'libnfs-utils',
  patch: 'patch',
  radosgw: 'radosgw',
  '/usr/sbin/sshd': 'openssh-server',
  zsh: 'zsh',
};

/** What it takes to start the guest in which exports are mounted (test/nfs-guest/), and what runs there (test/mount/). */
const guestPrograms: Readonly<Record<string, string>> = {
  'linux.uml': 'user-mode-linux',
  gcc: 'gcc libc6-dev',
  make: 'make',
  modprobe: 'kmod',
  'mount.nfs': 'nfs-common',
  ip: 'iproute2',
  '/usr/bin/python3': 'python3',
  rsync: 'rsync',
  sqlite3: 'sqlite3',
  fio: 'fio',
  'stress-ng': 'stress-ng',
};

/** Servers that benchmarks measure ours against. */
const rivals: Readonly<Record<string, string>> = {
  'ganesha.nfsd': 'nfs-ganesha nfs-ganesha-vfs',
  rpcbind: 'rpcbind',
};

/** What imports into S3 are measured against. */
const s3Rivals: Readonly<Record<string, string>> = { rclone: 'rclone', restic: 'restic' };

/** On Debian as root, installs what the tests need and the machine lacks. Elsewhere the tests say what they leave out. */
export function installTestPrograms(): void {
  install(programs);
  // Debian has user-mode Linux for this processor alone.
  if (process.arch === 'x64') install(guestPrograms);
}

/** The same for the servers that benchmarks measure ours against. */
export function installRivals(): void {
  if (process.arch === 'x64') install({ ...guestPrograms, ...rivals });
}

/** The same for the programs that benchmarks of S3 measure ours against. */
export function installS3Rivals(): void {
  install(s3Rivals);
}

function install(packagesOf: Readonly<Record<string, string>>): void {
  const missing = Object.keys(packagesOf).filter((program) => !isInstalled(program));
  if (missing.length === 0 || process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return;
  const packages = missing.flatMap((program) => packagesOf[program]!.split(' '));
  console.error(`micelio: installing ${packages.join(', ')} for the tests (apt-get)`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options: SpawnSyncOptions = { stdio: ['ignore', 'ignore', 'inherit'], env: environment };
  spawnSync('apt-get', ['update', '-qq'], options);
  withoutStarting(() =>
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options),
  );
}

/** Servers that are installed by `work` do not start: tests start their own. A policy that the machine has stays. */
function withoutStarting(work: () => void): void {
  const policy = '/usr/sbin/policy-rc.d';
  const isOwn = !existsSync(policy);
  if (isOwn) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    work();
  } finally {
    if (isOwn) rmSync(policy);
  }
}

function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}
