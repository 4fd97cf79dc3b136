import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { binDirectory, Scratch, write } from '../mic.ts';
import { follow } from '../transcript.ts';

test('the workflow, as it is written: start, edit, land', async () => {
  const scratch = new Scratch();
  const from = await scratch.repository('myproject', { 'main.go': 'package main\n', 'go.mod': 'module x\n' });
  const words = await follow(
    scratch,
    `
$ mic project create myorg/myproject --from='${from}'
Imported 2 entries at {commit} into myorg/myproject (* new)
Head: landing 1, 2 changed files
Tree: sha256:{T0}

$ mic session start "add authentication" \\
  --project=myorg/myproject \\
  --goal="Implement JWT-based auth for API"
Session ID: {session}
Workspace:  ${scratch.workspaces}/myorg/myproject/{session}
Base Tree:  sha256:{T0}

$ cd '${scratch.workspaces}/myorg/myproject/{session}'
$ echo 'package auth' > auth.go
$ echo 'func main() {}' >> main.go
$ mic session land {session} --message="Add JWT authentication"
Landed {session} as landing 2 of myorg/myproject
New Tree:      sha256:{T1}
Landed Commit: {landing}
2 changed files:
  A auth.go
  M main.go

$ mic project log myorg/myproject --files
landing 2  * ada <ada@example.org>  {session}
    Add JWT authentication
  A auth.go
  M main.go

landing 1  * ada <ada@example.org>  import {commit}
    Import ${from} at {commit}
  A go.mod
  A main.go

$ mic session list --project=myorg/myproject --all
{session}  landed 2  ada  *  add authentication

$ mic project show myorg/myproject
Project:  myorg/myproject
Head:     landing 2, * by ada
Tree:     sha256:{T1} (3 entries)
Sessions: 0 under way, 1 in all
`,
  );
  assert.notEqual(words.T0, words.T1);
  assert.match(words.session!, /^sess-[0-9a-z]{12}$/);
});

test('landing again says the same, and lands nothing', async () => {
  const scratch = new Scratch();
  await scratch.project('acme/web', { 'a.txt': 'a\n' });
  const { id, workspace } = await scratch.session('acme/web');
  write(join(workspace, 'b.txt'), 'b\n');
  const first = await scratch.mic(['session', 'land', id, '--message=Once']);
  const second = await scratch.mic(['land', '--message=Twice'], { in: workspace });
  assert.equal(second.stdout, first.stdout);
  write(join(workspace, 'b.txt'), 'changed since\n');
  const third = await scratch.mic(['land'], { in: workspace, exit: 4 });
  assert.match(third.stderr, /has landed as 2, and its files were changed since/);
  const checkpoint = await scratch.mic(['session', 'checkpoint'], { in: workspace, exit: 4 });
  assert.match(checkpoint.stderr, /what changed since is not recorded in it\. Fork it to go on/);
  assert.equal((await scratch.json<unknown[]>(['project', 'log', 'acme/web'])).length, 2);
});

/** The commands of the readme's first session, without the comments behind them. */
function linesOfTheReadme(): string[] {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const block = /## A first session in ten lines\n\n```sh\n(.*?)```/s.exec(readme)![1]!;
  return block
    .trim()
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, ''));
}

test('the ten lines of the readme work as they stand', async () => {
  const scratch = new Scratch();
  await scratch.repository('web', {
    'src/login.ts': Array.from({ length: 50 }, (_, i) => `${i}\n`).join(''),
  });
  const lines = linesOfTheReadme();
  assert.equal(lines.length, 10);
  // What a reader does by hand: where the checkout of Micelio is, which editor, and the id that was printed.
  const editor = join(
    scratch.files('tools', { 'edit.sh': 'sed "s/^41$/the line of the readme/" "$1" > x && mv x "$1"\n' }),
    'edit.sh',
  );
  const script = lines.map((line) => {
    if (line.startsWith('export PATH=')) return line.replace('$PWD/bin', binDirectory);
    if (line.startsWith('mic session start')) return `${line} | tee started`;
    if (line.startsWith('$EDITOR')) return line.replace('$EDITOR', `sh '${editor}'`);
    return line.replace('sess-4k2m9x7qw0ab', "$(sed -n 's/^Session ID: //p' started)");
  });
  const inside = scratch.files('micelio', {});
  const output = await scratch.type(`set -e\n${script.join('\n')}`, { in: inside });
  assert.match(output, /^ {2}M src\/login\.ts$/m);
  assert.match(output, /^src\/login\.ts:42: the line of the readme$/m);
  assert.match(output, /^Goal: {4}JWT for the API$/m);
  assert.match(output, /^Decided: JWT in a cookie\nBecause: no script can read it\nNot: {5}local storage$/m);
  assert.ok(existsSync(scratch.store));
});
