import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { describeMounted, programDirectory } from './mounted.ts';

/** Files that nobody edits meanwhile. */
const sources = join(import.meta.dirname, '..', '..', 'node_modules', '@types', 'node');
const forget = 'sync; echo 3 > /proc/sys/vm/drop_caches';
const python = (name: string, ...args: readonly string[]): string =>
  `/usr/bin/python3 ${programDirectory}/${name} ${args.join(' ')}`;

/** The project has a directory of many names. */
const files = mkdtempSync(join(tmpdir(), 'micelio-files-'));
after(() => rmSync(files, { recursive: true }));
before(() => {
  mkdirSync(join(files, 'many'));
  for (let i = 0; i < 100_000; i++) {
    writeFileSync(join(files, 'many', `stay-${String(i).padStart(6, '0')}`), '');
  }
});

describeMounted('files on a mount', { programs: ['rsync'], files }, (mounted) => {
  test('tar unpacks what it unpacks elsewhere, with modes, times, links and owners', async () => {
    const differences = await mounted().sh(`
      here=$PWD; mkdir -p /run/tmp/tree /run/tmp/elsewhere; cd /run/tmp/tree
      cp -r ${sources} src; ln -s src/fs symlink; ln src/package.json hard
      mkdir -m 2751 'odd directory'; touch -d 2001-02-03T04:05:06 'odd directory/naïve ☃'; chmod 4755 'odd directory'/*
      mkfifo fifo; chown -h 1234:99 fifo symlink; touch -h -d 1999-01-01 symlink; chmod 0 src/LICENSE
      tar -cf ../tree.tar .
      for place in $here /run/tmp/elsewhere; do
        cd $place; tar -xpf /run/tmp/tree.tar; ${forget}
        find . -type d -printf '%P %m %n %U %G %T@\\n' -o -printf '%P %y %m %n %U %G %s %T@ %l\\n' | sort > /run/tmp/found-\${place//\\//-}
      done
      diff /run/tmp/found-*
      { diff -r --no-dereference $here /run/tmp/elsewhere 2>&1 || true; } | { grep -v 'is a fifo while' || true; }`);
    assert.equal(differences, '');
  });

  test('rsync -a finds nothing to do the second time', async () => {
    const second = await mounted().sh(`
      rsync -a ${sources}/ copy/
      ${forget}
      rsync -ai --checksum ${sources}/ copy/
      rsync -ai ${sources}/ copy/`);
    assert.equal(second, '');
  });

  test('editors save in all their ways', async () => {
    await mounted().sh(python('editors.py'));
  });

  test('an open file without a name lives until it is closed', async () => {
    await mounted().sh(python('unlinked.py'));
  });

  test('a file of 5 GiB with holes', async () => {
    await mounted().sh(python('sparse.py'));
  });

  test('sizes, times, names and depths have their bounds, and whoever goes beyond is told', async () => {
    await mounted().sh(python('limits.py'));
  });

  test('a directory of 100,000 names is listed while it changes', async () => {
    const { directory } = mounted();
    await mounted().sh(python('listing.py', `${directory}/many`, '100000'), { timeoutMs: 240_000 });
  });

  test('hard links share what they are', async () => {
    const out = await mounted().sh(`
      mkdir a b; echo one > a/x; ln a/x b/y; ln b/y a/z
      ${forget}
      echo two >> a/z; chmod 600 b/y; cat a/x; stat -c '%h %a' a/x b/y a/z
      test $(stat -c %i a/x) = $(stat -c %i b/y)
      rm a/x; mv a/z b/z; ls a b; stat -c %h b/y b/z
      ln -s b/y s; ln -P s s2; test -L s2; stat -c %h s`);
    assert.equal(out, 'one\ntwo\n3 600\n3 600\n3 600\na:\n\nb:\ny\nz\n2\n2\n2\n');
  });

  test('FIFOs, sockets and devices work as they do anywhere', async () => {
    const out = await mounted().sh(`
      mkfifo fifo; mknod null c 1 3; mknod zero c 1 5; mknod disk b 7 200
      /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
      ${forget}
      stat -c '%F %t:%T' fifo null zero disk socket
      (echo through > fifo &); cat fifo
      echo gone > null && head -c 3 zero | od -An -tx1
      /usr/bin/python3 - <<'PY'
import os, socket
os.unlink("socket")
server = socket.socket(socket.AF_UNIX); server.bind("socket"); server.listen()
client = socket.socket(socket.AF_UNIX); client.connect("socket")
server.accept()[0].send(b"hello"); print(client.recv(10).decode())
PY
      rm fifo null zero disk socket; ls | wc -l`);
    const kinds =
      'fifo 0:0\ncharacter special file 1:3\ncharacter special file 1:5\nblock special file 7:c8\nsocket 0:0\n';
    assert.equal(out, `${kinds}through\n 00 00 00\nhello\n0\n`);
  });

  test('names of every byte, and the longest', async () => {
    await mounted().sh(`/usr/bin/python3 - <<'PY'
import os
names = sorted([bytes([b]) for b in range(1, 256) if b not in (46, 47)] + [b"x" * 255, "é".encode(), "e\\u0301".encode(), b"..."])
for name in names:
    with open(name, "wb") as file: file.write(name)
os.sync()
open("/proc/sys/vm/drop_caches", "w").write("3")
assert sorted(os.listdir(b".")) == names
for name in names: assert open(name, "rb").read() == name
try: open(b"x" * 256, "wb")
except OSError as error: assert error.errno == 36, error
else: raise Exception("too long a name")
deep = os.open(".", os.O_RDONLY)
for level in range(60):
    os.mkdir("directory-of-a-deep-path", dir_fd=deep)
    deep = os.open("directory-of-a-deep-path", os.O_RDONLY, dir_fd=deep)
PY
      test $(find . -type d | wc -l) = 61`);
  });
});
