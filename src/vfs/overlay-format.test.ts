import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, type TestContext, test } from 'node:test';
import { killedProject, openKilledSession, perform } from './crash/session.ts';
import { temporaryDirectory } from './fixtures.ts';
import type { Operation } from './model/operation.ts';

const page = readFileSync(new URL('../../docs/formats/overlay.md', import.meta.url), 'utf8');

const operations: readonly Operation[] = [
  { kind: 'create', path: 'new', how: 'guarded', mode: 0o4755 },
  { kind: 'write', path: 'new', offset: 0, bytes: Buffer.from('text') },
  { kind: 'write', path: 'large', offset: 10, bytes: Buffer.from('twenty bytes of text') },
  { kind: 'write', path: 'medium', offset: 50_000, bytes: Buffer.from('x') },
  { kind: 'truncate', path: 'medium', size: 40_000 },
  { kind: 'makeDirectory', path: 'made', mode: 0o700 },
  { kind: 'rename', path: 'src/deep', to: 'made/deep' },
  { kind: 'link', path: 'new', to: 'made/\xff' },
  { kind: 'remove', path: 'small' },
  { kind: 'makeSymlink', path: 'small', target: 'new' },
];

async function written(context: TestContext): Promise<string> {
  const directory = join(temporaryDirectory(context), 'overlay');
  const session = await openKilledSession(await killedProject(), directory);
  for (const operation of operations) perform(session, operation);
  await session.close();
  return directory;
}

function rows(directory: string, sql: string): unknown[][] {
  const database = new DatabaseSync(join(directory, 'overlay.db'), { readOnly: true });
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  const found = statement.all() as unknown as unknown[][];
  database.close();
  return found;
}

/** The golden vector, a row a line: whoever changes it changes the format, its version and `docs/formats/overlay.md`. */
const golden = `
setting "closed",1
setting "next cookie",4111
setting "next inode",4111
setting "next spool file",4097
name 1,"made",16,16
name 1,"new",15,15
name 1,"small",17,7
name 7,"deep",0,10
name 16,"deep",9,17
name 16,"ÿ",15,18
inode 1,1,493,5,1000,4096,1,1,0,null,null,null
inode 3,0,420,1,1000,1500000,1,0,3,1500000,1500000,1
inode 5,0,420,1,1000,40000,1,0,3,40960,40000,2
inode 6,0,420,0,1000,10,1,0,0,null,null,null
inode 7,1,493,2,1000,4096,1,1,0,null,null,null
inode 9,1,493,1,1000,4096,16,0,0,null,null,null
inode 15,0,2541,2,0,4,0,0,2,null,null,null
inode 16,1,448,3,0,4096,1,1,0,null,null,null
inode 17,2,511,1,0,3,1,0,2,null,null,null
data 15,"text"
data 17,"new"
extent 1,10,30
`;

const tables = {
  setting: 'SELECT name, value FROM setting ORDER BY name',
  name: 'SELECT directory, name, inode, cookie FROM name ORDER BY directory, name',
  inode: `SELECT number, type, mode, links, uid, size, parent, overlaid, content, object_size, visible, spool
    FROM inode ORDER BY number`,
  data: 'SELECT inode, CAST(bytes AS TEXT) FROM data ORDER BY inode',
  extent: 'SELECT spool, start, end FROM extent ORDER BY spool, start',
} as const;

describe('the overlay on the disk', () => {
  test('has the tables of docs/formats/overlay.md', async (context) => {
    const tables = rows(
      await written(context),
      'SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid',
    );
    const documented = /```sql\n([^`]*)```/.exec(page)![1]!;
    const found = tables.map(([sql]) => `${sql};\n`).join('');
    assert.equal(found, documented);
  });

  test('is the golden vector', async (context) => {
    const directory = await written(context);
    // Looking into the database makes files of its own.
    const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
    assert.deepEqual(files, ['overlay.db', 'reserve', 'spool', 'spool/1', 'spool/2']);
    assert.deepEqual(rows(directory, 'PRAGMA user_version'), [[1]]);
    const lines = Object.entries(tables).flatMap(([table, sql]) =>
      rows(directory, sql).map((row) => `${table} ${JSON.stringify(row).slice(1, -1)}`),
    );
    assert.equal(lines.join('\n'), golden.trim());
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    assert.equal(statSync(join(directory, 'spool/1')).mode & 0o777, 0o600);
  });

  test('of another version is refused, with a reason', async (context) => {
    const directory = await written(context);
    const database = new DatabaseSync(join(directory, 'overlay.db'));
    database.exec('PRAGMA user_version = 2');
    database.close();
    await assert.rejects(openKilledSession(await killedProject(), directory), {
      code: 'file-system/io',
      message: /format 2.*Update Micelio/,
    });
  });

  test('is one process’s at a time', async (context) => {
    const directory = await written(context);
    const session = await openKilledSession(await killedProject(), directory);
    perform(session, { kind: 'remove', path: 'new' });
    await assert.rejects(openKilledSession(await killedProject(), directory), { code: 'file-system/io' });
    await session.close();
    await (await openKilledSession(await killedProject(), directory)).close();
  });
});
