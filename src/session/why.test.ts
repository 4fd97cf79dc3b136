import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TreePath } from '../tree/path.ts';
import { agent, landFiles, memoryProject } from './fixtures.ts';
import type { ProjectContext } from './project.ts';
import { addDecision } from './record.ts';
import { startSession } from './start.ts';
import { explain } from './why.ts';

const lines = (...texts: string[]): string => texts.map((text) => `${text}\n`).join('');

/** What wrote a line of the head, as `landing path:line`. */
async function origin(project: ProjectContext, path: string, line?: number): Promise<string> {
  const { landing, path: then, line: found } = await explain(project, path as TreePath, line);
  return `${landing.message} ${then}${found === undefined ? '' : `:${found.number}`}`;
}

describe('why', () => {
  test('follows a line through the changes around it', async () => {
    const project = await memoryProject();
    await landFiles(project, 'first', { f: lines('a', 'b', 'c', 'd', 'e') });
    await landFiles(project, 'on top', { f: lines('0', '1', 'a', 'b', 'c', 'd', 'e') });
    await landFiles(project, 'without b', { f: lines('0', '1', 'a', 'c', 'd', 'e') });
    await landFiles(project, 'new d', { f: lines('0', '1', 'a', 'c', 'D', 'e') });
    await landFiles(project, 'elsewhere', { g: 'g\n' });
    const origins: string[] = [];
    for (let line = 1; line <= 6; line++) origins.push(await origin(project, 'f', line));
    assert.deepEqual(origins, [
      'on top f:1',
      'on top f:2',
      'first f:1',
      'first f:3',
      'new d f:5',
      'first f:5',
    ]);
    assert.equal(await origin(project, 'f'), 'new d f');
  });

  test('follows a line through renames, also of odd names', async () => {
    const project = await memoryProject();
    await landFiles(project, 'first', { 'caf\xe9\n': lines('a', 'b') });
    await landFiles(project, 'changed', { 'caf\xe9\n': lines('a', 'B') });
    await landFiles(project, 'renamed', { 'caf\xe9\n': undefined, 'dir/new': lines('a', 'B') });
    await landFiles(project, 'added', { 'dir/new': lines('0', 'a', 'B') });
    assert.equal(await origin(project, 'dir/new', 1), 'added dir/new:1');
    assert.equal(await origin(project, 'dir/new', 2), 'first caf\xe9\n:1');
    assert.equal(await origin(project, 'dir/new', 3), 'changed caf\xe9\n:2');
  });

  test('names the landing that renamed a file, when asked for the file', async () => {
    const project = await memoryProject();
    await landFiles(project, 'first', { old: 'a\n' });
    await landFiles(project, 'renamed', { old: undefined, new: 'a\n' });
    await landFiles(project, 'elsewhere', { other: 'x\n' });
    assert.equal(await origin(project, 'new'), 'renamed new');
  });

  test('does not go behind a file that was made anew', async () => {
    const project = await memoryProject();
    await landFiles(project, 'first', { f: 'a\n' });
    await landFiles(project, 'gone', { f: undefined });
    await landFiles(project, 'again', { f: 'a\n' });
    assert.equal(await origin(project, 'f', 1), 'again f:1');
  });

  test('shows the line, and what the session that wrote it decided', async () => {
    const project = await memoryProject();
    const session = await startSession(project, { title: 'Fix', goal: 'Make it work', agent });
    await addDecision(project, session.id, 'ada', { what: 'retry', why: 'it is flaky', alternatives: [] });
    const { sequence } = await landFiles(project, 'fixed', { f: lines('one\r', 'two') });
    const landing = project.ledger.landings[sequence - 1]!;
    project.ledger.landings[sequence - 1] = {
      ...landing,
      origin: { kind: 'session', session: session.id, tree: landing.tree },
    };
    const found = await explain(project, 'f' as TreePath, 1);
    assert.deepEqual(found.line, { number: 1, text: 'one' });
    assert.equal(found.session?.goal, 'Make it work');
    assert.equal(found.record?.decisions[0]?.why, 'it is flaky');
    await project.ledger.deleteSession(session.id);
    assert.equal((await explain(project, 'f' as TreePath, 1)).session, undefined);
  });

  test('says so when there is no such file or line', async () => {
    const project = await memoryProject();
    await landFiles(project, 'first', { 'd/f': 'a\n' });
    for (const [path, line] of [['none'], ['d'], ['d/f', 0], ['d/f', 2], ['d/f', 1.5]] as const)
      await assert.rejects(explain(project, path as TreePath, line), { code: 'session/file-unknown' });
  });
});
