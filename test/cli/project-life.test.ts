import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Scratch, write } from '../mic.ts';
import { follow } from '../transcript.ts';

const scratch = new Scratch();

interface Imported {
  readonly tree: string;
  readonly sequence: number;
  readonly changeCount: number;
  readonly newBytes: number;
}

const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i}\n`).join('');

describe('the life of a project', { concurrency: 2 }, () => {
  test('a landing is undone by a landing; what came later stays, and what builds upon it is a conflict', async () => {
    await scratch.project('acme/undo', { 'a.txt': lines(0, 9), 'b.txt': 'b\n' });
    for (const [file, text] of [
      ['a.txt', `first\n${lines(0, 9)}`],
      ['b.txt', 'B\n'],
      ['b.txt', 'BB\n'],
    ] as const) {
      const { workspace } = await scratch.session('acme/undo', text);
      write(join(workspace, file), text);
      await scratch.mic(['land'], { in: workspace });
    }
    await follow(
      scratch,
      `
$ export MICELIO_PROJECT=acme/undo
$ mic project undo 2
Landing 5 takes back landing 2: 1 changed file
  M a.txt

$ mic project undo 3
Later landings build upon landing 3. Nothing was changed. Conflicts:
  b.txt  (content)
[5]

$ mic project undo 77
mic: Project acme/undo has no landing 77: its newest is 5. "mic project log" shows them.
[3]

$ mic project undo 2nd
mic: "2nd" is no number of a landing. "mic project log" shows them.
[2]

$ mic project export --to=out
Wrote 2 files to ${scratch.directory}/out.
$ cat out/a.txt out/b.txt
${lines(0, 9)}BB
`,
    );
  });

  test('export to git gives the same git tree, and import of what was exported the same tree', async () => {
    const from = await scratch.repository('origin', {
      'src/main.c': lines(0, 100),
      'docs/read me.md': 'hello\n',
      'run.sh': '#!/bin/sh\n',
      empty: '',
    });
    chmodSync(join(from, 'run.sh'), 0o755);
    symlinkSync('docs/read me.md', join(from, 'README'));
    await scratch.commit(from, 'More kinds of files');
    const imported = await scratch.json<Imported>(['project', 'create', 'acme/round', `--from=${from}`]);
    await scratch.git(['init', '--quiet', '--bare', join(scratch.directory, 'out.git')], scratch.directory);
    const exported = await scratch.json<{ commit: string; gitTree: string; tree: string }>([
      'project',
      'export',
      'acme/round',
      '--git=out.git',
      '--ref=main',
    ]);
    const tree = (await scratch.git(['rev-parse', 'HEAD^{tree}'], from)).stdout.trim();
    assert.equal(exported.gitTree, tree);
    assert.equal(exported.tree, imported.tree);
    const log = (
      await scratch.git(['--git-dir=out.git', 'log', '-1', '--format=%B', 'main'], scratch.directory)
    ).stdout;
    assert.match(log, /^Micelio-Project: acme\/round$/m);
    assert.match(log, /^Micelio-Landing: 1$/m);

    const directory = join(scratch.directory, 'plain files');
    await scratch.mic(['project', 'export', 'acme/round', `--to=${directory}`]);
    const [again, plain] = await Promise.all([
      scratch.json<Imported>(['project', 'create', 'acme/again', '--from=out.git', '--revision=main']),
      scratch.json<Imported>(['project', 'create', 'acme/plain', `--from=${directory}`]),
    ]);
    assert.equal(again.tree, imported.tree);
    assert.equal(plain.tree, imported.tree);
    assert.ok(!existsSync(join(directory, '.micelio-session')));
  });

  test('a session is exported for review as it was last recorded', async () => {
    await scratch.project('acme/review', { 'a.txt': 'a\n' });
    const repository = await scratch.repository('review', { 'a.txt': 'a\n' });
    const { id, workspace } = await scratch.session('acme/review', 'to be reviewed');
    write(join(workspace, 'b.txt'), 'b\n');
    await scratch.mic(['session', 'checkpoint'], { in: workspace });
    await scratch.mic(['project', 'export', `--session=${id}`, `--git=${repository}`, '--ref=review'], {
      environment: { MICELIO_PROJECT: 'acme/review' },
    });
    const { stdout } = await scratch.git(['show', 'review:b.txt'], repository);
    assert.equal(stdout, 'b\n');
    const status = await scratch.git(['status', '--porcelain'], repository);
    assert.equal(status.stdout, '', 'the working tree was not touched');
  });

  test('an import again brings what is new, reads little, and leaves what landed here', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [`src/${i}.txt`, `${i} ${lines(0, 20)}`]),
    );
    const from = await scratch.repository('upstream', { ...files, 'shared.txt': lines(0, 20) });
    const first = await scratch.json<Imported>(['project', 'create', 'acme/up', `--from=${from}`]);
    const same = await scratch.json<Imported>(['project', 'import', 'acme/up', `--from=${from}`]);
    assert.deepEqual([same.sequence, same.newBytes], [1, 0]);
    const { workspace } = await scratch.session('acme/up');
    write(join(workspace, 'shared.txt'), `ours\n${lines(0, 20)}`);
    write(join(workspace, 'here.txt'), 'landed here\n');
    await scratch.mic(['land'], { in: workspace });
    appendFileSync(join(from, 'shared.txt'), 'theirs\n');
    rmSync(join(from, 'src/7.txt'));
    await scratch.commit(from, 'More');
    const second = await scratch.json<Imported>(['project', 'import', 'acme/up', `--from=${from}`]);
    assert.deepEqual([second.sequence, second.changeCount], [3, 2]);
    assert.ok(second.newBytes < first.newBytes / 4, `${second.newBytes} of ${first.newBytes} bytes`);
    const out = join(scratch.directory, 'up');
    await scratch.mic(['project', 'export', 'acme/up', `--to=${out}`]);
    assert.equal(readFileSync(join(out, 'shared.txt'), 'utf8'), `ours\n${lines(0, 20)}theirs\n`);
    assert.equal(readFileSync(join(out, 'here.txt'), 'utf8'), 'landed here\n');
    assert.ok(!existsSync(join(out, 'src/7.txt')));
  });

  test('why finds who wrote a line, through edits around it and a rename', async () => {
    await scratch.project('acme/why', { 'src/old.ts': lines(0, 30) });
    const land = async (title: string, change: (workspace: string) => void): Promise<string> => {
      const { id, workspace } = await scratch.session('acme/why', title);
      change(workspace);
      if (title === 'write it')
        await scratch.mic(['session', 'decide', 'in one line', '--why=short', '--instead=two'], {
          in: workspace,
        });
      await scratch.mic(['land', `--message=Message of ${title}`], { in: workspace });
      return id;
    };
    const author = await land('write it', (workspace) => {
      write(join(workspace, 'src/old.ts'), `${lines(0, 10)}the line\n${lines(10, 30)}`);
    });
    await land('edit around it', (workspace) => {
      write(join(workspace, 'src/old.ts'), `above\nabove\n${lines(0, 10)}the line\n${lines(11, 30)}`);
    });
    const renamer = await land('rename', (workspace) => {
      renameSync(join(workspace, 'src/old.ts'), join(workspace, 'src/new.ts'));
    });
    await follow(
      scratch,
      `
$ export MICELIO_PROJECT=acme/why
$ mic why src/new.ts:13
landing 2  * ada <ada@example.org>
    Message of write it

src/old.ts:11: the line

Session: ${author}  write it
Goal:    write it

Decided: in one line
Because: short
Not:     two

$ mic why src/new.ts:20
landing 1  * ada <ada@example.org>
    Import *

src/old.ts:18: line 17

Imported from file://*.

$ mic why src/new.ts
landing 4  * ada <ada@example.org>
    Message of rename

Session: ${renamer}  rename
Goal:    rename

$ mic why src/new.ts:999
mic: "src/new.ts" has 32 lines: there is no line 999.
[3]

$ mic why src/old.ts:1
mic: The head of acme/why has no file "src/old.ts". Give its path from the top of the project.
[3]
`,
    );
  });
});
