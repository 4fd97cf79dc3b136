import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { described } from '../fixtures.ts';
import { importDirectory } from '../import-directory.ts';
import { checkoutOf } from './checkout-fixtures.ts';

/** A program that writes, renames and removes, files and whole directories, and links where files were. */
const busyProgram = `
  const fs = require('node:fs');
  const { join } = require('node:path');
  let seed = 1;
  const any = (n) => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) % n;
  for (let i = 0; i < 6000; i++) {
    const top = join(process.argv[1], 'd' + (any(4099) % 9));
    const directory = join(top, 'e' + (any(4099) % 6));
    const file = join(directory, 'f' + (any(4099) % 40));
    try {
      switch (any(4099) % 8) {
        case 0: fs.rmSync(directory, { recursive: true, force: true }); break;
        case 1: fs.renameSync(directory, join(top, 'e' + (any(4099) % 6))); break;
        case 2: fs.rmSync(file, { force: true }); fs.symlinkSync('/nowhere', file); break;
        case 3: fs.rmSync(top, { recursive: true, force: true }); fs.writeFileSync(top, 'x'); break;
        case 4: if (fs.lstatSync(top).isFile()) fs.unlinkSync(top); break;
        default: fs.mkdirSync(directory, { recursive: true }); fs.writeFileSync(file, String(any(4099) % 9));
      }
    } catch {}
  }
`;

test('a snapshot may be taken while other programs are at work, and the next one says what they left', async (context) => {
  const files = Object.fromEntries(
    Array.from({ length: 200 }, (_, i) => [`d${i % 7}/e${i % 5}/f${i % 40}`, `644 ${i}`]),
  );
  const { checkout, content, root } = await checkoutOf(context, files);
  const child = spawn(process.execPath, ['-e', busyProgram, root], { stdio: 'inherit' });
  const ended = once(child, 'exit');
  while (child.exitCode === null && child.signalCode === null) {
    const { tree } = await checkout.snapshot();
    await described(content, tree);
    // Lets the news of the program's end come in.
    await nextTurn();
  }
  assert.deepEqual(await ended, [0, null]);
  const fresh = await importDirectory(content, root);
  assert.equal((await checkout.snapshot()).tree, fresh.tree);
});
