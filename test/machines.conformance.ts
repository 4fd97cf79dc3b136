import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Machine } from './machines.ts';
import { MountedFiles } from './mounts.ts';

/** Makes a machine whose environment has `own` besides what all machines of a test share. */
export type MakeMachine = (name: string, own?: Readonly<Record<string, string>>) => Machine;

const shortLease = { MICELIO_FS_LEASE_SECONDS: '1', MICELIO_FS_RECORD_SECONDS: '0' };
/** Longer than a test. */
const longLease = { MICELIO_FS_LEASE_SECONDS: '3600', MICELIO_FS_RECORD_SECONDS: '0' };

/** Holds a session on several machines, on whatever store `makeMachines` gives a fresh one of, to what is promised. */
export function machinesConformance(makeMachines: () => Promise<MakeMachine>): void {
  test('a machine dies with a mounted session; another goes on from the last checkpoint; the first comes back', async () => {
    const make = await makeMachines();
    const [ada, ben] = [make('ada-laptop', shortLease), make('ben-server', shortLease)];
    await ada.makeProject();
    const { sessionId, workspace } = await ada.startMounted();
    const atAda = await MountedFiles.mount(workspace);
    await atAda.write('kept.txt', 'kept\n');
    await ada.mic(['session', 'checkpoint', sessionId]);
    await atAda.write('unrecorded.txt', 'unrecorded\n');
    await atAda.write('a.txt', 'one\n2\n3\n');
    assert.equal((await ada.show(sessionId)).lease?.machine, 'ada-laptop');
    await ada.killServer();

    const { workspace: there } = await ben.path(sessionId);
    const atBen = await MountedFiles.mount(there);
    assert.equal(await atBen.read('kept.txt'), 'kept\n');
    await assert.rejects(atBen.read('unrecorded.txt'), /answered 2\b/);
    await atBen.write('a.txt', '1\n2\nthree\n');
    await ben.mic(['session', 'checkpoint', sessionId]);
    await atBen.write('b.txt', 'more\n');
    const { token, machine } = (await ben.show(sessionId)).lease!;
    assert.deepEqual([token, machine], [2, 'ben-server']);

    const said = await ada.refused(['session', 'status', sessionId]);
    assert.match(said, /ben-server.*kept.*mic session fork .*--take-over/s);
    await ada.refused(['session', 'land', sessionId]);
    const again = await atAda.reconnected(workspace.port);
    await assert.rejects(again.write('late.txt', 'late\n'), /create late.txt: the server answered 30\b/);
    assert.equal(await again.read('unrecorded.txt'), 'unrecorded\n');

    const fork = await ada.json<{ sessionId: string }>(['session', 'fork', sessionId, '--workspace=none']);
    assert.deepEqual(await ada.recorded(fork.sessionId), {
      'a.txt': 'one\n2\nthree\n',
      'b.txt': 'b\n',
      'kept.txt': 'kept\n',
      'unrecorded.txt': 'unrecorded\n',
    });

    await ben.micFs(['stop']);
    assert.equal((await ben.show(sessionId)).lease?.untilMs, null);
    await ada.path(sessionId);
    assert.equal(await again.read('a.txt'), 'one\n2\nthree\n');
    assert.equal(await again.read('b.txt'), 'more\n');
    await again.write('back.txt', 'back\n');
    await ada.mic(['session', 'land', sessionId]);
    assert.deepEqual(Object.keys(await ada.recorded(sessionId)).sort(), [
      ...['a.txt', 'b.txt', 'back.txt', 'kept.txt', 'unrecorded.txt'],
    ]);
    await Promise.all([atAda.close(), atBen.close(), again.close()]);
    await ada.requireWhole();
  });

  test('two machines mount a session at once: one has it', async () => {
    const make = await makeMachines();
    const [ada, ben, cy] = [make('ada', longLease), make('ben', longLease), make('cy', longLease)];
    await ada.makeProject();
    const { sessionId } = await ada.json<{ sessionId: string }>([
      ...['session', 'start', 'work', '--project=acme/web', '--workspace=none'],
    ]);
    const args = ['session', 'path', sessionId, '--workspace=mount'];
    const ends = await Promise.all([ben, cy].map((machine) => machine.mic(args, { exit: 'any' })));
    assert.deepEqual(ends.map(({ code }) => code).sort(), [4, 8]);
    const [winner, loser] = ends[0]!.code === 8 ? [ben, cy] : [cy, ben];
    const { stderr } = ends.find(({ code }) => code === 4)!;
    assert.match(stderr, new RegExp(`written on ${winner.name} .*--workspace=checkout.*--take-over`));
    assert.equal((await ada.show(sessionId)).lease?.machine, winner.name);
    assert.deepEqual(await Promise.all([winner, loser].map((machine) => machine.exportCount())), [1, 0]);
  });
}
