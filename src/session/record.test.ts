import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { hashOf } from '../base/hash.ts';
import { objectBytesMax } from '../blob/limits.ts';
import { checkpointSession } from './checkpoint.ts';
import { decodeRecord, encodeRecord } from './earlier-record.ts';
import { agent, memoryProject, treeWith } from './fixtures.ts';
import { removeSession } from './keep.ts';
import type { ProjectContext } from './project.ts';
import { addDecision, addMessage, readRecord } from './record.ts';
import type { Session } from './session.ts';
import { startSession } from './start.ts';

const start = (project: ProjectContext) =>
  startSession(project, { title: 'Work', goal: 'Get it done', agent });
const read = async (project: ProjectContext, { id }: Session) =>
  readRecord(project.blobs, (await project.ledger.readSession(id))!);
const documentSize = (session: Session): number => JSON.stringify(session).length;

describe('a long record', () => {
  test('moves out of the document and reads back whole', async () => {
    const project = await memoryProject();
    let session = await start(project);
    for (let i = 0; i < 700; i++) {
      session =
        i % 10 === 0
          ? await addDecision(project, session.id, 'ada', { what: `${i}`, why: 'so', alternatives: ['not'] })
          : await addMessage(project, session.id, 'ada', `${i}`);
    }
    assert.ok(session.earlierRecord.length >= 3 && documentSize(session) < 50_000);
    const record = await read(project, session);
    const numbers = Array.from({ length: 700 }, (_, i) => `${i}`);
    assert.deepEqual(
      record.conversation.map(({ text }) => text),
      numbers.filter((_, i) => i % 10 !== 0),
    );
    assert.deepEqual(
      record.decisions.map(({ what }) => what),
      numbers.filter((_, i) => i % 10 === 0),
    );
    assert.equal(record.worklog.length, 1);
  });

  test('of long texts moves out too, whatever characters they are made of', async () => {
    const project = await memoryProject();
    let session = await start(project);
    const texts = ['a', '語', '\u0001', '"'].map((unit) => `x${unit.repeat(64 * 1024 - 2)}x`);
    for (const text of [...texts, ...texts]) session = await addMessage(project, session.id, 'ada', text);
    assert.ok(documentSize(session) < 100_000);
    assert.deepEqual(
      (await read(project, session)).conversation.map(({ text }) => text),
      [...texts, ...texts],
    );
  });

  test('of checkpoints alone moves out too', async () => {
    const project = await memoryProject();
    let session = await start(project);
    for (let i = 0; i < 450; i++)
      ({ session } = await checkpointSession(project, session, session.tree, `checkpoint number ${i}`));
    assert.ok(session.worklog.length <= 200);
    const { worklog } = await read(project, session);
    assert.equal(worklog.length, 451);
    assert.equal(worklog.at(-1)!.text, 'Checkpoint 450: checkpoint number 449');
  });

  test('keeps what two writers add at once', async () => {
    const project = await memoryProject();
    const { id } = await start(project);
    await Promise.all(
      ['ada', 'ben'].map(async (author) => {
        for (let i = 0; i < 300; i++) await addMessage(project, id, author, `${i}`);
      }),
    );
    const { conversation } = await read(project, (await project.ledger.readSession(id))!);
    for (const author of ['ada', 'ben']) {
      assert.deepEqual(
        conversation.filter((message) => message.author === author).map(({ text }) => text),
        Array.from({ length: 300 }, (_, i) => `${i}`),
      );
    }
  });
});

describe('the record', () => {
  test('takes neither nothing nor a novel', async () => {
    const project = await memoryProject();
    const { id } = await start(project);
    await assert.rejects(addMessage(project, id, 'ada', ' \n'), { code: 'session/invalid' });
    await assert.rejects(addMessage(project, id, 'ada', 'x'.repeat(64 * 1024 + 1)), {
      code: 'session/invalid',
    });
    const alternatives = Array.from({ length: 100 }, () => 'x'.repeat(1000));
    await assert.rejects(addDecision(project, id, 'ada', { what: 'a', why: 'b', alternatives }), {
      code: 'session/invalid',
    });
    const session = (await project.ledger.readSession(id))!;
    const tree = await treeWith(project, session.tree, { a: 'a' });
    await assert.rejects(checkpointSession(project, session, tree, 'x'.repeat(64 * 1024 + 1)), {
      code: 'session/invalid',
    });
  });

  test('of a removed session is closed', async () => {
    const project = await memoryProject();
    const { id } = await start(project);
    await removeSession(project, id, 'ada', 30, null);
    await assert.rejects(addMessage(project, id, 'ada', 'too late'), { code: 'session/removed' });
  });
});

describe('an earlier part of a record', () => {
  const message = fc
    .tuple(fc.nat(), fc.string(), fc.string({ unit: 'binary', maxLength: 30 }))
    .map(([atMs, author, text]) => ({ atMs, author, text }));

  test('comes back as it was', () => {
    fc.assert(
      fc.property(fc.array(message), fc.array(message), (conversation, worklog) => {
        const parts = encodeRecord({ conversation, decisions: [], worklog });
        assert.equal(parts.length, 1);
        assert.deepEqual(decodeRecord(parts[0]!, hashOf(parts[0]!)), {
          conversation,
          decisions: [],
          worklog,
        });
      }),
    );
  });

  test('is several where it would be larger than an object may be', () => {
    const worklog = Array.from({ length: 40 }, (_, atMs) => ({
      atMs,
      author: 'ada',
      text: '語'.repeat(60_000),
    }));
    const parts = encodeRecord({ conversation: [], decisions: [], worklog });
    assert.ok(parts.every(({ length }) => length <= objectBytesMax));
    assert.deepEqual(
      parts.flatMap((part) => decodeRecord(part, hashOf(part)).worklog),
      worklog,
    );
  });

  test('is the golden vector of docs/formats/sessions.md', () => {
    const conversation = [{ atMs: 1767225600000, author: 'ada', text: 'Why not both?' }];
    assert.equal(
      `${encodeRecord({ conversation, decisions: [], worklog: [] })[0]}`,
      '{"format":"micelio/record","version":1,"conversation":[{"atMs":1767225600000,"author":"ada","text":"Why not both?"}],"decisions":[],"worklog":[]}',
    );
  });

  test('is refused when it is damaged, or of another version', () => {
    const [part] = encodeRecord({ conversation: [], decisions: [], worklog: [] }) as [Buffer];
    const hash = hashOf(part);
    for (const text of ['', '{', `${part}`.replace('[]', '[1]')])
      assert.throws(() => decodeRecord(Buffer.from(text), hash), {
        code: 'session/record-unreadable',
        message: /fsck/,
      });
    for (const text of ['{}', '[]', `${part}`.replace('"version":1', '"version":2')]) {
      assert.throws(() => decodeRecord(Buffer.from(text), hash), {
        code: 'session/record-unreadable',
        message: /update Micelio/,
      });
    }
  });
});
