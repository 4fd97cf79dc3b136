import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryDirectory } from '../fixtures.ts';
import { contentsOf, ProvisionScene } from './fixtures.ts';
import { isFree, PortRegistry, portRange } from './port-registry.ts';
import { applyProvisioning, cleanUpProvisioning, planProvisioning } from './provisioning.ts';

describe('the registry of ports', () => {
  test('gives each session its own, the same again, and takes them back', async (t) => {
    const state = temporaryDirectory(t);
    const registry = new PortRegistry(state, async () => true);
    t.after(() => registry.close());
    const [one, two] = ['one', 'two'].map((id) => ({ id, workspace: state }));
    await registry.lease(one!, ['web', 'db']);
    await registry.lease(two!, ['web', 'db']);
    const ports = [...registry.leases('one').values(), ...registry.leases('two').values()];
    assert.equal(new Set(ports).size, 4);
    assert.ok(ports.every((port) => port >= portRange.first && port <= portRange.last));
    assert.deepEqual(await registry.lease(one!, ['web']), []);
    const before = registry.leases('one');
    assert.equal(registry.giveBack('one').length, 2);
    assert.equal(registry.leases('one').size, 0);
    await registry.lease(one!, ['db', 'web']);
    assert.deepEqual(new Map([...registry.leases('one')].sort()), new Map([...before].sort()));
  });

  test('passes over a port that somebody listens on', async (t) => {
    const state = temporaryDirectory(t);
    const owner = { id: 'one', workspace: state };
    const asked: number[] = [];
    const registry = new PortRegistry(state, async (port) => asked.push(port) > 2);
    t.after(() => registry.close());
    await registry.lease(owner, ['web']);
    assert.equal(asked.length, 3);
    assert.deepEqual([...registry.leases('one').values()], asked.slice(2));
  });

  test('sees whether a port is free', async (t) => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { port } = server.address() as { port: number };
    assert.equal(await isFree(port), false);
  });

  test('frees what belongs to a workspace that is gone', async (t) => {
    const state = temporaryDirectory(t);
    const registry = new PortRegistry(state, async () => true);
    t.after(() => registry.close());
    const workspace = join(state, 'workspace');
    mkdirSync(workspace);
    await registry.lease({ id: 'one', workspace }, ['web']);
    await registry.lease({ id: 'two', workspace: state }, ['web']);
    assert.equal(registry.leases('one').size, 1);
    rmSync(workspace, { recursive: true });
    await registry.lease({ id: 'two', workspace: state }, ['db']);
    assert.equal(registry.leases('one').size, 0);
  });

  test('gives no port twice to processes that ask at the same time', async (t) => {
    const state = temporaryDirectory(t);
    const processes = Array.from({ length: 4 }, (_, i) =>
      fork(join(import.meta.dirname, 'port-workload.ts'), [state, `session-${i}`]),
    );
    const exits = await Promise.all(processes.map(async (child) => (await once(child, 'exit'))[0] as number));
    assert.deepEqual(exits, [0, 0, 0, 0]);
    const registry = new PortRegistry(state);
    t.after(() => registry.close());
    const ports = processes.flatMap((_, i) => [...registry.leases(`session-${i}`).values()]);
    assert.equal(ports.length, 40);
    assert.equal(new Set(ports).size, 40);
  });
});

describe('ports in templates', () => {
  test('differ for sessions at the same time, stay the same, and are given back', async (t) => {
    const scene = new ProvisionScene(t, {
      '.gitignore': 'env\n',
      'env.j2': '{{ ports.web }} {{ identifier }}',
    });
    const other = join(scene.main, '.worktrees', 'two');
    scene.run('worktree', 'add', '--quiet', '-b', 'session/two', other);
    const conf = 'template:env.j2\n';
    const one = scene.request(conf);
    const two = scene.request(conf, { to: other, owner: 'two' });
    assert.equal((await planProvisioning(one)).ports.get('web'), 0);
    await applyProvisioning(one);
    await applyProvisioning(two);
    const [first, second] = [contentsOf(scene.workspace).env!, contentsOf(other).env!];
    assert.match(first, /^2\d{4} one_[0-9a-f]{8}$/);
    const [portA, nameA] = first.split(' ');
    const [portB, nameB] = second.split(' ');
    assert.notEqual(portA, portB);
    assert.notEqual(nameA, nameB);
    await applyProvisioning(one);
    assert.equal(contentsOf(scene.workspace).env, first);
    const { ports } = await cleanUpProvisioning(one);
    assert.deepEqual(ports, [{ name: 'web', port: Number(portA) }]);
  });

  test('are given back when provisioning fails', async (t) => {
    const scene = new ProvisionScene(t, { '.gitignore': 'env\n', 'env.j2': '{{ ports.web }}{{ nothing }}' });
    await assert.rejects(applyProvisioning(scene.request('template:env.j2\n')), /"nothing" is not defined/);
    assert.equal(scene.ports.leases(scene.request('').owner).size, 0);
  });
});
