import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { binDirectory, Scratch } from '../mic.ts';

const scratch = new Scratch('finding node');
const mic = join(binDirectory, 'mic');
const root = fileURLToPath(new URL('../..', import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

/** A directory for the path, with a program `node` that runs `script`. */
function pathWith(name: string, script: string): string {
  const directory = scratch.files(name, { node: `#!/bin/sh\n${script}\n` });
  chmodSync(join(directory, 'node'), 0o755);
  return directory;
}

/** A Node.js that takes itself for an old one. */
const oldNode = pathWith(
  'old',
  `exec '${process.execPath}' --import '${dataUrl("Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } })")}' "$@"`,
);
const newNode = pathWith('new', `echo 'the node of the path' >&2; exec '${process.execPath}' "$@"`);
/** What `bin/mic` itself needs, and no Node.js. */
const noNode = join(scratch.directory, 'no node');
mkdirSync(noNode);
for (const program of ['sh', 'readlink']) symlinkSync(`/usr/bin/${program}`, join(noNode, program));

/** The package as npm installs it, below a path with spaces: without a Node.js of its own. Returns its command. */
function install(name: string): string {
  const directory = join(scratch.directory, name, 'node modules', 'micelio');
  mkdirSync(directory, { recursive: true });
  cpSync(join(root, 'bin'), join(directory, 'bin'), { recursive: true });
  cpSync(join(root, 'package.json'), join(directory, 'package.json'));
  symlinkSync(join(root, 'src'), join(directory, 'src'));
  return join(directory, 'bin', 'mic');
}

function dataUrl(script: string): string {
  return `data:text/javascript,${encodeURIComponent(script).replaceAll("'", '%27')}`;
}

/** What `mic --version` says when it is called as `command`. */
async function says(
  command: string,
  path: string,
  more: Record<string, string> = {},
  exit = 0,
): Promise<string> {
  const { stdout, stderr } = await scratch.run(command, ['--version'], {
    environment: { PATH: path, ...more },
    exit,
  });
  return stdout + stderr;
}

describe('mic of a checkout', () => {
  test('brings its own Node.js, whatever is first on the path', async () => {
    assert.equal(await says(mic, oldNode), `mic ${version}\n`);
    assert.equal(await says(mic, noNode), `mic ${version}\n`);
  });

  test('says so when the directory that it is called in is gone', async () => {
    const gone = scratch.files('gone', {});
    const script = `rmdir "${gone}"; "${mic}" status`;
    await assert.rejects(
      promisify(execFile)('sh', ['-c', script], { cwd: gone }),
      (error: { stderr: string }) => /mic: the directory you are in is gone/.test(error.stderr),
    );
  });

  test('is found through symbolic links, relative and of directories, and from anywhere', async () => {
    const links = scratch.files('some links', {});
    symlinkSync(mic, join(links, 'absolute'));
    symlinkSync('absolute', join(links, 'mic'));
    symlinkSync(binDirectory, join(links, 'directory'));
    for (const name of ['absolute', 'mic', 'directory/mic'])
      assert.equal(await says(join(links, name), noNode), `mic ${version}\n`);
    assert.equal(
      await scratch.type('PATH="$PWD/some links:/usr/bin:/bin"; cd /; mic --version'),
      `mic ${version}`,
    );
    assert.equal(await scratch.type(`cd '${binDirectory}' && sh mic --version`), `mic ${version}`);
    assert.equal(await scratch.type(`cd '${binDirectory}' && ../bin/mic --version`), `mic ${version}`);
  });
});

describe('mic of an installed package', () => {
  const installed = install('global');

  test('takes the Node.js of the path', async () => {
    assert.equal(await says(installed, `${newNode}:/usr/bin:/bin`), `mic ${version}\nthe node of the path\n`);
  });

  test('takes the one that npm has put beside it, before that of the path', async () => {
    const command = install('with node');
    const beside = join(scratch.directory, 'with node', 'node modules', 'node', 'bin');
    mkdirSync(beside, { recursive: true });
    symlinkSync(process.execPath, join(beside, 'node'));
    assert.equal(await says(command, `${newNode}:/usr/bin:/bin`), `mic ${version}\n`);
  });

  test('says so when the one of the path is too old', async () => {
    const said = await says(installed, `${oldNode}:/usr/bin:/bin`, {}, 1);
    assert.match(
      said,
      /^mic: this is Node\.js 20\.19\.0, and mic needs version 24 or newer\.\nmic: .*MICELIO_NODE/,
    );
  });

  test('says so when there is none', async () => {
    const said = await says(installed, noNode, {}, 1);
    assert.match(said, /^mic: there is no Node\.js on this machine's path.*24 or newer\.\nmic: install it/);
  });
});

describe('MICELIO_NODE', () => {
  test('goes before all others', async () => {
    const environment = { MICELIO_NODE: join(newNode, 'node') };
    for (const command of [mic, install('named')])
      assert.equal(await says(command, noNode, environment), `mic ${version}\nthe node of the path\n`);
  });

  test('that names no program is told, and nothing else is run', async () => {
    for (const wrong of [join(scratch.directory, 'none'), scratch.directory]) {
      const said = await says(mic, newNode, { MICELIO_NODE: wrong }, 1);
      assert.equal(
        said,
        `mic: MICELIO_NODE names "${wrong}", which is no program. Correct it, or unset it.\n`,
      );
    }
  });

  test('that is empty counts as none', async () => {
    assert.equal(await says(mic, noNode, { MICELIO_NODE: '' }), `mic ${version}\n`);
  });
});
