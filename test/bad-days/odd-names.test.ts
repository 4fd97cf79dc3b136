import assert from 'node:assert/strict';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Scratch, write } from '../mic.ts';

const scratch = new Scratch('odd näme\u2028s');

/** Names as bytes, each a character: what a file system takes that is not a slash and not NUL. */
const names = [
  'new\nline',
  'carriage\rreturn',
  'tab\t and "quotes" \\ and $(touch pwned)',
  '\xff\xfe is no UTF-8',
  'half of an \xc3',
  'x'.repeat(255),
  '\xe2\x82\xac'.repeat(85),
  'case',
  'Case',
  'CASE',
  ' ',
  '-rf',
  '--json',
  '*',
  '.hidden',
  '..almost',
  '\x1b[31mred',
  'CON',
  'trailing dot.',
  // The same name, composed and decomposed.
  '\xc3\xa9',
  'e\xcc\x81',
];
const targets = ['../../outside', '/etc/passwd', '..', '.', 'nowhere', '\xff', 'x'.repeat(1000)];

const path = (directory: string, name: string): Buffer =>
  Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name, 'latin1')]);

/** A directory with all these names, as files and in directories of such names, and links to where none may go. */
function makeOdd(directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const [i, name] of names.entries()) {
    writeFileSync(path(directory, name), `${i}\n`, { mode: i % 3 === 0 ? 0o755 : 0o644 });
    mkdirSync(path(directory, `${i}`));
    const nested = Buffer.concat([path(`${directory}/${i}`, name)]);
    mkdirSync(nested);
    writeFileSync(Buffer.concat([nested, Buffer.from('/'), Buffer.from(name, 'latin1')]), `nested ${i}\n`);
  }
  for (const [i, target] of targets.entries())
    symlinkSync(Buffer.from(target, 'latin1'), path(directory, `link ${i}`));
}

/** Everything in a directory, byte by byte, by its path. */
function contents(directory: string): Record<string, string> {
  const found: Record<string, string> = {};
  const walk = (at: Buffer, prefix: string): void => {
    for (const entry of readdirSync(at, { withFileTypes: true, encoding: 'buffer' })) {
      const name = prefix + entry.name.toString('latin1');
      if (name === '.git' || name === '.micelio-session') continue;
      const inside = Buffer.concat([at, Buffer.from('/'), entry.name]);
      if (entry.isDirectory()) walk(inside, `${name}/`);
      else if (entry.isSymbolicLink())
        found[name] = `-> ${readlinkSync(inside, 'buffer').toString('latin1')}`;
      else
        found[name] =
          `${(statSync(inside).mode & 0o100) === 0 ? 'file' : 'program'} ${readFileSync(inside, 'latin1')}`;
    }
  };
  walk(Buffer.from(directory), '');
  return found;
}

describe('odd names and links', () => {
  test('are kept byte by byte through import, session, checkout, landing and export', async () => {
    const from = join(scratch.directory, 'odd');
    makeOdd(from);
    const expected = contents(from);
    assert.equal(Object.keys(expected).length, 2 * names.length + targets.length);
    await scratch.mic(['project', 'create', 'acme/odd', `--from=${from}`]);
    const { workspace } = await scratch.session('acme/odd');
    assert.deepEqual(contents(workspace), expected);

    // Each is edited, removed or added in the session, and comes to the head as it is.
    for (const [i, name] of names.entries()) {
      if (i % 3 === 0) rmSync(path(workspace, name));
      else writeFileSync(path(workspace, name), `edited ${i}\n`);
      writeFileSync(path(`${workspace}/${i}`, `new ${name}`.slice(0, 255)), `new ${i}\n`);
    }
    const edited = contents(workspace);
    const { stdout } = await scratch.mic(['land'], { in: workspace });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would obey.
    assert.doesNotMatch(stdout, /[\x00-\x09\x0b-\x1f\x7f]/);
    const out = join(scratch.directory, 'out');
    await scratch.mic(['project', 'export', 'acme/odd', `--to=${out}`]);
    assert.deepEqual(contents(out), edited);

    // By way of git, whose tree must be what git itself makes of the same files.
    await scratch.git(['init', '--quiet', '--bare', 'out.git'], scratch.directory);
    const { gitTree } = await scratch.json<{ gitTree: string }>([
      'project',
      'export',
      'acme/odd',
      '--git=out.git',
      '--ref=main',
    ]);
    await scratch.git(['init', '--quiet'], out);
    await scratch.commit(out, 'Odd');
    assert.equal((await scratch.git(['rev-parse', 'HEAD^{tree}'], out)).stdout.trim(), gitTree);
    await scratch.mic(['project', 'create', 'acme/again', '--from=out.git', '--revision=main']);
    const again = await scratch.session('acme/again');
    assert.deepEqual(contents(again.workspace), edited);
  });

  test('can be named as they are shown', async () => {
    await scratch.mic([
      'project',
      'create',
      'acme/shown',
      `--from=${scratch.files('shown', { 'new\nline': 'x\n' })}`,
    ]);
    const log = await scratch.json<{ changes: { path: string }[] }[]>(['project', 'log', 'acme/shown']);
    const { path: shown } = log[0]!.changes[0]!;
    await scratch.mic(['why', `${shown}:1`, '--project=acme/shown']);

    // No command line can carry this name itself.
    const [ada, bob] = [await scratch.session('acme/odd'), await scratch.session('acme/odd')];
    const name = names[4]!;
    rmSync(path(ada.workspace, name));
    writeFileSync(path(bob.workspace, name), 'changed\n');
    await scratch.mic(['land'], { in: ada.workspace });
    const { stdout } = await scratch.mic(['land'], { in: bob.workspace, exit: 5 });
    const conflict = /^ {2}(.*) {2}\(\S+\)$/m.exec(stdout)![1]!;
    await scratch.mic(['session', 'sync'], { in: bob.workspace, exit: 5 });
    await scratch.mic(['session', 'resolve', conflict], { in: bob.workspace });
    await scratch.mic(['land'], { in: bob.workspace });
  });
});

describe('nothing is written outside the workspace', () => {
  const outside = scratch.files('outside', { 'f.txt': 'precious\n', 'g.txt': 'precious\n' });
  const untouched = (): void =>
    assert.deepEqual(contents(outside), { 'f.txt': 'file precious\n', 'g.txt': 'file precious\n' });

  /** A session in which the directory `d` was replaced by a link to somewhere else, and the head changed in `d`. */
  async function replaced(name: string, change: (workspace: string) => void): Promise<string> {
    await scratch.project(name, { 'd/f.txt': 'f\n', 'd/g.txt': 'g\n', 'e.txt': 'e\n' });
    const [session, other] = [await scratch.session(name), await scratch.session(name)];
    write(join(session.workspace, 'd/f.txt'), 'first\n');
    await scratch.mic(['session', 'checkpoint'], { in: session.workspace });
    change(other.workspace);
    await scratch.mic(['land'], { in: other.workspace });
    rmSync(join(session.workspace, 'd'), { recursive: true });
    symlinkSync(outside, join(session.workspace, 'd'));
    return session.workspace;
  }

  test('when a sync changes a file below a directory that is a link by now', async () => {
    const workspace = await replaced('acme/changed', (other) => write(join(other, 'd/g.txt'), 'changed\n'));
    await scratch.mic(['session', 'sync'], { in: workspace, exit: 5 });
    untouched();
    await scratch.mic(['session', 'restore', '--checkpoint=1'], { in: workspace, exit: 'any' });
    untouched();
  });

  test('when a sync adds and removes files there', async () => {
    const workspace = await replaced('acme/added', (other) => {
      write(join(other, 'd/new.txt'), 'new\n');
      rmSync(join(other, 'd/g.txt'));
    });
    await scratch.mic(['session', 'sync'], { in: workspace, exit: 'any' });
    untouched();
    await scratch.mic(['session', 'remove'], { in: workspace });
    untouched();
  });

  test('when a session goes back to a time at which the directory was one', async () => {
    const workspace = await replaced('acme/back', (other) => write(join(other, 'e.txt'), 'E\n'));
    await scratch.mic(['session', 'restore', '--checkpoint=1'], { in: workspace });
    untouched();
    assert.equal(readFileSync(join(workspace, 'd/f.txt'), 'utf8'), 'first\n');
    await scratch.mic(['land'], { in: workspace });
    untouched();
  });

  test('when the workspace, the export or the place to put it is a link itself', async () => {
    await scratch.project('acme/link', { 'a.txt': 'a\n' });
    symlinkSync(outside, join(scratch.directory, 'link to outside'));
    await scratch.mic(['project', 'export', 'acme/link', '--to=link to outside'], { exit: 4 });
    const args = ['session', 'start', 'x', '--project=acme/link', '--directory=link to outside'];
    await scratch.mic(args, { exit: 4 });
    untouched();
  });
});
