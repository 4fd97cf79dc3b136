import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Mounted, programDirectory } from '../test/mount/mounted.ts';
import { fillNpmCache, makeNpmProject } from '../test/mount/npm-project.ts';
import { stressCommand, stressors } from '../test/mount/stressors.ts';
import { guestLack } from '../test/nfs-guest/lack.ts';
import { installTestPrograms } from './debian-packages.ts';
import { downloadDebianSources } from './debian-sources.ts';

/**
 * What takes too long for the tests: C projects from Debian's sources configured, built and tested, an npm project
 * built, every stressor by itself, much data written and verified, all in one session that is mounted in a guest with
 * the kernel's client. Prints a table, and fails if anything fails. `--only=stress-,fio` runs what begins like that;
 * `--seconds=60` is how long each stressor and each fio job runs.
 */
const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '20' }, only: { type: 'string', default: '' } },
});
const seconds = Number(values.seconds);
const sourceDirectory = '/run/soak';

const unpack = (name: string): string =>
  `dpkg-source --no-check -x ${sourceDirectory}/debian/${name}_*.dsc ${name} > /dev/null; cd ${name}`;
const verified = (name: string, job: string): readonly [string, string] => [
  `fio-${name}`,
  `fio --name=f --fallocate=none --invalidate=0 --verify=crc32c --verify_fatal=1 --size=512M ${job} --loops=1 \\
     --runtime=${seconds * 6} > /run/tmp/fio 2>&1 || { cat /run/tmp/fio; exit 1; }; rm f.*`,
];

/** Each runs in a directory of its own; every command must succeed. */
const steps: Readonly<Record<string, string>> = {
  'c-zlib': `${unpack('zlib')}; ./configure > log; make -j2 >> log 2>&1; make test; sync; make -q`,
  'c-hello': `${unpack('hello')}; touch -r . *.m4 configure Makefile.in config.in; ./configure > log; make >> log 2>&1; make check`,
  'npm-build': `cp -r ${sourceDirectory}/npm/. .; npm ci --offline --ignore-scripts --no-audit --no-fund > log
    node_modules/.bin/tsc -p tsconfig.build.json --outDir dist; test -n "$(ls dist)"; rm -r node_modules`,
  'names-100000': `/usr/bin/python3 -c 'import os; [os.close(os.open(f"name-{i:06d}", os.O_CREAT)) for i in range(100_000)]'
    /usr/bin/python3 ${programDirectory}/listing.py . 0; test $(ls -f | grep -c '^name-') = 100000; find . -mindepth 1 -delete`,
  ...Object.fromEntries([
    verified('random', '--rw=randrw --bs=4k'),
    verified('odd sizes', '--rw=randrw --bsrange=512-256k --bs_unaligned=1'),
    verified('four at once', '--rw=randwrite --bs=16k --numjobs=4 --fsync=64'),
    verified('mapped', '--rw=randwrite --bs=4k --ioengine=mmap'),
  ]),
  ...Object.fromEntries(
    Object.values(stressors)
      .flat()
      .map((name) => [`stress-${name}`, stressCommand([name], seconds)]),
  ),
};

installTestPrograms();
const lack = guestLack(['fio', 'stress-ng', 'make', 'dpkg-source']);
if (lack !== undefined) {
  console.error(`This machine cannot run this: ${lack}`);
  process.exit(2);
}
const scratch = mkdtempSync(join(tmpdir(), 'micelio-soak-'));
let mounted: Mounted | undefined;
try {
  const wanted = Object.entries(steps).filter(([name]) =>
    values.only.split(',').some((beginning) => name.startsWith(beginning)),
  );
  if (wanted.some(([name]) => name.startsWith('c-')))
    downloadDebianSources(join(scratch, 'debian'), ['zlib', 'hello']);
  makeNpmProject(join(scratch, 'npm'));
  if (wanted.some(([name]) => name === 'npm-build')) {
    const reason = fillNpmCache(join(scratch, 'npm'));
    if (reason !== undefined) throw new Error(reason);
  }
  mounted = await Mounted.start({
    memoryMiB: 3072,
    shares: [{ directory: scratch, at: sourceDirectory, access: 'read-only' }],
  });
  console.log('| step | seconds | outcome |\n|---|---|---|');
  for (const [name, script] of wanted) await soak(mounted, name, script);
} finally {
  await mounted?.stop();
  rmSync(scratch, { recursive: true, force: true });
}

async function soak(session: Mounted, name: string, script: string): Promise<void> {
  const started = performance.now();
  let outcome = 'passes';
  try {
    await session.sh(script, { timeoutMs: 1_800_000 });
  } catch (error) {
    process.exitCode = 1;
    outcome = `**fails**: ${String(error).replaceAll(/\s+/g, ' ').slice(-500)}`;
  }
  console.log(`| ${name} | ${((performance.now() - started) / 1000).toFixed(1)} | ${outcome} |`);
}
