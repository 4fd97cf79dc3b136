import assert from 'node:assert/strict';
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type MakeMachine, machinesConformance } from './machines.conformance.ts';
import { Machine, until, untilReadOnly } from './machines.ts';
import { write } from './mic.ts';
import { MountedFiles } from './mounts.ts';

/** Machines on one directory, as on a disk that all of them see. */
function machines(shared: Readonly<Record<string, string>> = {}): MakeMachine {
  let store: string | undefined;
  return (name, own = {}) => {
    const machine = new Machine(name, { ...shared, ...own, ...(store && { MICELIO_STORE: store }) });
    store ??= machine.store;
    return machine;
  };
}

const longLease = { MICELIO_FS_LEASE_SECONDS: '3600', MICELIO_FS_RECORD_SECONDS: '0' };
const shortLease = { MICELIO_FS_LEASE_SECONDS: '1', MICELIO_FS_RECORD_SECONDS: '0' };

describe('sessions across machines', { concurrency: 4 }, () => {
  machinesConformance(async () => machines());

  test('a machine that lives keeps its session, and others may work in directories', async () => {
    const make = machines(longLease);
    const [ada, ben] = [make('ada'), make('ben')];
    await ada.makeProject();
    const { sessionId, workspace } = await ada.startMounted();
    assert.equal((await ada.show(sessionId)).lease, null);
    const atAda = await MountedFiles.mount(workspace);
    await atAda.write('ada.txt', 'ada\n');
    const said = await ben.refused(['session', 'path', sessionId]);
    assert.match(said, /written on ada \(since .*--workspace=checkout.*--take-over/);

    const made = await ben.type(`mic session path ${sessionId} --workspace=checkout`);
    // Machines do not see each other's directories.
    const directory = join(ben.directory, 'elsewhere');
    renameSync(made, directory);
    write(join(directory, 'ben.txt'), 'ben\n');
    await ben.mic(['session', 'checkpoint'], { in: directory });
    // The session's last workspace is Ben's directory; Ada's mount is found all the same, and both come together.
    await ada.mic(['session', 'checkpoint', sessionId]);
    assert.equal(await atAda.read('ben.txt'), 'ben\n');
    await ben.mic(['session', 'status'], { in: directory });
    assert.equal(readFileSync(join(directory, 'ada.txt'), 'utf8'), 'ada\n');
    await atAda.write('last.txt', 'last\n');
    await atAda.close();
    await ada.micFs(['stop']);
    assert.equal((await ada.recorded(sessionId))['last.txt'], 'last\n');
  });

  test('a machine that is overtaken changes nothing any more, says so, and takes the session back', async () => {
    const make = machines(shortLease);
    const [ada, ben] = [make('ada'), make('ben')];
    await ada.makeProject();
    const { sessionId, workspace } = await ada.startMounted();
    const atAda = await MountedFiles.mount(workspace);
    await atAda.write('ada.txt', 'ada\n');
    const { workspace: there } = await ben.path(sessionId, '--take-over');
    const atBen = await MountedFiles.mount(there);
    await atBen.write('ben.txt', 'ben\n');
    assert.match(await untilReadOnly(atAda), /answered 30\b/);
    assert.match(ada.log, /no more is written here: .*ben .*mic session fork/);
    assert.match(
      (await ada.micFs(['status'])).stdout,
      new RegExp(`${sessionId} .*written on another machine`),
    );
    assert.equal(await atAda.read('ada.txt'), 'ada\n');
    await ben.mic(['session', 'checkpoint', sessionId]);

    await ada.path(sessionId, '--take-over');
    assert.equal(await atAda.read('ben.txt'), 'ben\n');
    await atAda.write('again.txt', 'again\n');
    assert.match(await untilReadOnly(atBen), /answered 30\b/);
    await ada.mic(['session', 'checkpoint', sessionId]);
    const recorded = await ada.recorded(sessionId);
    assert.ok('ada.txt' in recorded && 'ben.txt' in recorded && 'again.txt' in recorded);
    assert.equal((await ada.show(sessionId)).lease?.token, 3);
    await Promise.all([atAda.close(), atBen.close()]);
  });

  test('what nobody records is recorded, and then the session is free', async () => {
    const make = machines({ MICELIO_FS_LEASE_SECONDS: '1', MICELIO_FS_RECORD_SECONDS: '1' });
    const [ada, ben] = [make('ada'), make('ben')];
    await ada.makeProject();
    const { sessionId, workspace } = await ada.startMounted();
    const atAda = await MountedFiles.mount(workspace);
    const tree = async () => (await ada.show(sessionId)).tree;
    for (const name of ['first.txt', 'second.txt']) {
      const before = await tree();
      await atAda.write(name, `${name}\n`);
      await until(tree, (now) => now !== before);
    }
    const { checkpoints } = await until(
      () => ada.show(sessionId),
      ({ lease }) => lease?.untilMs === null,
    );
    assert.deepEqual(
      checkpoints.map(({ note }) => note),
      ['recorded by mic-fs', 'recorded by mic-fs'],
    );
    const before = await tree();
    await atAda.write('third.txt', 'third.txt\n');
    await ada.killServer();
    // What was left is recorded though nobody asks for the session.
    await ada.micFs(['start']);
    await until(tree, (now) => now !== before);
    await ada.micFs(['stop']);
    const { workspace: there } = await ben.path(sessionId);
    const atBen = await MountedFiles.mount(there);
    assert.equal(await atBen.read('third.txt'), 'third.txt\n');
    await Promise.all([atAda.close(), atBen.close()]);
  });
});
