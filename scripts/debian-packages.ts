import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Programs that tests hold Micelio against, and the Debian packages that have them. */
const programs: Readonly<Record<string, string>> = { fish: 'fish', git: 'git', patch: 'patch', zsh: 'zsh' };

/** On Debian as root, installs what the tests need and the machine lacks. Elsewhere the tests say what they leave out. */
export function installTestPrograms(): void {
  const missing = Object.keys(programs).filter((program) => !isInstalled(program));
  if (missing.length === 0 || process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return;
  const packages = missing.map((program) => programs[program]!);
  console.error(`micelio: installing ${packages.join(', ')} for the tests (apt-get)`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options: SpawnSyncOptions = { stdio: ['ignore', 'ignore', 'inherit'], env: environment };
  spawnSync('apt-get', ['update', '-qq'], options);
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options);
}

function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}
