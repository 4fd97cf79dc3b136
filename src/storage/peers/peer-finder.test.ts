import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PeerAddress, parsePeerSources } from './peer-address.ts';
import { PeerFinder } from './peer-finder.ts';

function finding(text: string, dns: Map<string, readonly string[]>, isOwn = (_: PeerAddress) => false) {
  const clock = { nowMs: 1_000_000, now: () => clock.nowMs };
  const problems: Error[] = [];
  const lookups: string[] = [];
  const finder = new PeerFinder({
    sources: parsePeerSources(text),
    resolve: async (name) => {
      lookups.push(name);
      const found = dns.get(name);
      if (found === undefined) throw new Error(`no ${name}`);
      return found;
    },
    isOwn,
    clock,
    sleep: () => new Promise(() => {}),
    onProblem: (problem) => problems.push(problem),
  });
  const names = async () => (await finder.current()).map(({ name }) => name);
  return { clock, finder, problems, lookups, names };
}

/** Lets what goes on in the background come to its end. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('finds all addresses of a name, and one of each host in a list', async () => {
  const dns = new Map([
    ['peers', ['10.0.0.1', '10.0.0.2', 'fd00::3']],
    ['host', ['10.0.0.9', '10.0.0.8']],
  ]);
  const { finder } = finding('dns:peers:7,host:8,10.0.0.1:7', dns);
  assert.deepEqual(await finder.current(), [
    { name: '10.0.0.1:7', address: { host: '10.0.0.1', port: 7 } },
    { name: '10.0.0.2:7', address: { host: '10.0.0.2', port: 7 } },
    { name: '[fd00::3]:7', address: { host: 'fd00::3', port: 7 } },
    { name: 'host:8', address: { host: '10.0.0.9', port: 8 } },
  ]);
});

test('all who ask at first wait for names', async () => {
  const { names } = finding('dns:peers:7', new Map([['peers', ['10.0.0.1']]]));
  const all = await Promise.all([names(), names(), names()]);
  assert.deepEqual(all, [['10.0.0.1:7'], ['10.0.0.1:7'], ['10.0.0.1:7']]);
});

test('leaves out its own address', async () => {
  const dns = new Map([['peers', ['10.0.0.1', '10.0.0.2']]]);
  const isOwn = ({ host, port }: PeerAddress) => host === '10.0.0.2' && port === 7;
  assert.deepEqual(await finding('dns:peers:7,10.0.0.2:8', dns, isOwn).names(), ['10.0.0.1:7', '10.0.0.2:8']);
});

test('looks again after a while, and nobody waits for that', async () => {
  const dns = new Map<string, readonly string[]>([['peers', ['10.0.0.1']]]);
  const { clock, names, lookups } = finding('dns:peers:7', dns);
  assert.deepEqual(await names(), ['10.0.0.1:7']);
  dns.set('peers', ['10.0.0.2', '10.0.0.3']);
  clock.nowMs += 30_000;
  assert.deepEqual(await names(), ['10.0.0.1:7']);
  assert.equal(lookups.length, 1);
  clock.nowMs += 1;
  assert.deepEqual(await names(), ['10.0.0.1:7']);
  await settled();
  assert.deepEqual(await names(), ['10.0.0.2:7', '10.0.0.3:7']);
  assert.equal(lookups.length, 2);
});

test('says once that a name is unknown, and does without', async () => {
  const dns = new Map<string, readonly string[]>();
  const { clock, names, problems } = finding('dns:peers:7,10.0.0.5:7', dns);
  for (let n = 0; n < 3; n++) {
    assert.deepEqual(await names(), ['10.0.0.5:7']);
    clock.nowMs += 40_000;
    await settled();
  }
  assert.equal(problems.length, 1);
  assert.match(problems[0]!.message, /"peers"/);
});

test('does not wait for a name server that does not answer', async () => {
  const finder = new PeerFinder({
    sources: parsePeerSources('dns:peers:7'),
    resolve: () => new Promise(() => {}),
    isOwn: () => false,
    clock: { now: () => 0 },
    sleep: async () => {},
    onProblem: assert.ifError,
  });
  assert.deepEqual(await finder.current(), []);
  assert.deepEqual(await finder.current(), []);
});
