import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { hashOf } from '../../base/hash.ts';
import { MemoryStore } from '../../storage/memory-store.ts';
import type { ObjectKey } from '../../storage/object-store.ts';
import { emptyHead, exampleSession, headWith, ledgerOn, prefix, repeatableRandom } from './fixtures.ts';

/** A store with a project, two landings of which the first has been copied, and a session. */
async function example(): Promise<MemoryStore> {
  const store = new MemoryStore();
  const ledger = ledgerOn(store, repeatableRandom());
  await ledger.createProject(emptyHead);
  for (const id of ['w3q8h1v6k9m2x7p4', 'z5n0c8r3t6y1b4d7']) {
    const current = await ledger.readHead();
    await ledger.moveHead(current, headWith(current.head, id));
  }
  await ledger.createSession(exampleSession);
  return store;
}

async function text(store: MemoryStore, name: string): Promise<string> {
  return Buffer.from((await store.get(`${prefix}/${name}` as ObjectKey))!.bytes).toString('utf8');
}

/** The example of a format page: the first block of JSON in it, as the one line that is stored. */
function onPage(page: string, which = 0): string {
  const markdown = readFileSync(new URL(`../../../docs/formats/${page}`, import.meta.url), 'utf8');
  const blocks = Array.from(markdown.matchAll(/```json\n(.*?)```/gs), ([, block]) => block!);
  return JSON.stringify(JSON.parse(blocks[which]!));
}

describe('the golden vectors', () => {
  test('of docs/formats/landings.md are this head and this landing', async () => {
    const store = await example();
    assert.equal(await text(store, 'head.json'), onPage('landings.md', 0));
    assert.equal(await text(store, 'landings/1.json'), onPage('landings.md', 1));
  });

  test('of docs/formats/sessions.md are this session', async () => {
    assert.equal(
      await text(await example(), `sessions/${exampleSession.id}/metadata.json`),
      onPage('sessions.md'),
    );
  });

  test('are read back as what they were made of', async () => {
    const ledger = ledgerOn(await example(), repeatableRandom());
    assert.deepEqual(await ledger.readSession(exampleSession.id), exampleSession);
    const first = headWith(emptyHead, 'w3q8h1v6k9m2x7p4');
    assert.deepEqual(await ledger.readLanding(1), first.landings[0]);
    assert.deepEqual((await ledger.readHead()).head, headWith(first, 'z5n0c8r3t6y1b4d7'));
  });
});

describe('a document', () => {
  const names = ['head.json', 'landings/1.json', `sessions/${exampleSession.id}/metadata.json`];
  const read = async (store: MemoryStore, name: string): Promise<unknown> => {
    const ledger = ledgerOn(store, repeatableRandom());
    if (name === 'head.json') return ledger.readHead();
    return name.startsWith('landings') ? ledger.readLanding(1) : ledger.readSession(exampleSession.id);
  };

  for (const name of names) {
    test(`of another version is refused as such: ${name}`, async () => {
      const store = await example();
      const newer = sealed((await text(store, name)).replace('"version":1', '"version":2'));
      await store.put(`${prefix}/${name}` as ObjectKey, Buffer.from(newer));
      await assert.rejects(read(store, name), {
        code: 'storage/format-unknown',
        message: /version 2.*Use the release/,
      });
    });

    test(`of another kind, or with a field that is wrong, is refused: ${name}`, async () => {
      const store = await example();
      const original = await text(store, name);
      const wrong = [
        sealed(original.replace(/"micelio\/\w+"/, '"micelio/other"')),
        sealed(original.replace(/"tree":"[0-9a-f]{64}"/, '"tree":"../../etc/passwd"')),
        sealed(original.replace(/"tree":"[0-9a-f]{64}",?/, '')),
        sealed(original.replace(/"name":"[^"]*"/, '"name":7')),
        original.replace(/"name":"[^"]*"/, '"name":"eve"'),
        original.slice(0, -1),
        '',
      ];
      for (const bytes of wrong) {
        assert.notEqual(bytes, original);
        await store.put(`${prefix}/${name}` as ObjectKey, Buffer.from(bytes));
        await assert.rejects(read(store, name), { code: /^storage\/(corrupt|format-unknown)$/ });
      }
    });
  }
});

/** A document's text with the check that belongs to it now. */
function sealed(text: string): string {
  const body = text.slice(0, text.lastIndexOf(',"check"'));
  return `${body},"check":"${hashOf(Buffer.from(body)).slice(0, 16)}"}`;
}
