"""open, read, write and truncate: flags, positions, ends and holes."""

import itertools
import os

from world import KINDS, describe, fresh, make, outcome, tell

FLAGS = ("O_CREAT", "O_EXCL", "O_TRUNC", "O_APPEND", "O_DIRECTORY", "O_NOFOLLOW")
for kind in (*KINDS, "nothing"):
    for count in range(4):
        for names in itertools.combinations(FLAGS, count):
            for access in ("O_RDONLY", "O_WRONLY", "O_RDWR"):
                flags = getattr(os, access) | os.O_NONBLOCK
                for name in names:
                    flags |= getattr(os, name)
                if kind == "block" or {"O_CREAT", "O_DIRECTORY"} <= set(names):
                    continue  # no such device; and kernels do not agree
                if access == "O_RDONLY" and "O_TRUNC" in names:
                    continue  # POSIX leaves it open
                with fresh():
                    make(kind, "thing")
                    result = outcome(lambda: os.close(os.open("thing", flags, 0o604)))
                    tell("open", kind, access, *names, result, describe("thing"), describe("nowhere"))

with fresh():
    file = os.open("file", os.O_CREAT | os.O_RDWR, 0o644)
    tell("write", os.write(file, b"0123456789"), os.lseek(file, 0, os.SEEK_CUR))
    tell("read", os.pread(file, 4, 8), os.pread(file, 4, 10), os.pread(file, 4, 100))
    tell("write behind the end", os.pwrite(file, b"x", 20), os.pread(file, 100, 0))
    os.ftruncate(file, 5)
    os.ftruncate(file, 15)
    tell("shorter and longer", os.pread(file, 100, 0))
    appender = os.open("file", os.O_WRONLY | os.O_APPEND)
    os.lseek(appender, 0, os.SEEK_SET)
    os.write(appender, b"end")
    tell("append", os.pread(file, 100, 0), os.lseek(appender, 0, os.SEEK_CUR))
    tell("read of what is for writing", outcome(os.read, appender, 1))
    reader = os.open("file", os.O_RDONLY)
    tell("write of what is for reading", outcome(os.write, reader, b"x"), outcome(os.ftruncate, reader, 1))
    tell("below zero", outcome(os.ftruncate, file, -1), outcome(os.truncate, "file", -1), outcome(os.lseek, file, -1, 0))
    tell("directory", outcome(os.read, os.open(".", os.O_RDONLY), 1))
    tell("seek", outcome(os.lseek, file, 100, os.SEEK_SET), os.write(file, b"y"), os.fstat(file).st_size)
    os.fsync(file)

for size in (0, 1, 511, 4095, 4096, 4097, 65536, 1048576 + 1):
    with fresh():
        with open("file", "wb") as out:
            out.write(bytes(range(256)) * (size // 256 + 1))
        os.truncate("file", size)
        with open("/proc/sys/vm/drop_caches", "w") as caches:
            os.sync()
            caches.write("1")
        content = open("file", "rb").read()
        tell("truncate", size, len(content), content == (bytes(range(256)) * (size // 256 + 1))[:size])
        os.truncate("file", size + 5000)
        content = open("file", "rb").read()
        tell("longer", size, len(content), content[size:] == bytes(5000))

# What is written through one name is read through the other, and by whoever has it open.
with fresh():
    make("file", "a")
    os.link("a", "b")
    with open("a", "ab", buffering=0) as first, open("b", "rb", buffering=0) as second:
        first.write(b" more")
        tell("two names", second.read(100))
        os.unlink("a")
        first.write(b" and more")
        tell("one name", second.read(100))
    # Not its links: a client lets go of the name of a file that was open in the background, after it is closed.
    tell("one name", os.stat("b").st_size)

# Symlinks: targets of every length, and what is no target.
with fresh():
    for length in (1, 59, 60, 255, 1023, 1024, 4095):
        os.symlink("t" * length, f"link-{length}")
        tell("symlink", length, len(os.readlink(f"link-{length}")), describe(f"link-{length}"))
    tell("symlink", outcome(os.symlink, "t" * 4096, "too-long"), outcome(os.symlink, "", "empty"))
    os.symlink(b"\xff\xfe not text", "bytes")
    tell("symlink", os.readlink(b"bytes"))
    previous = "end"
    make("file", previous)
    for number in range(41):
        os.symlink(previous, f"chain-{number}")
        previous = f"chain-{number}"
    tell("chain", outcome(os.stat, "chain-38"), outcome(os.stat, "chain-39"), outcome(os.stat, "chain-40"))

# Directories: dot and dot-dot are what they are said to be.
with fresh():
    os.makedirs("a/b/c")
    for path in ("a/b/c/..", "a/b/.", "a/b/../b"):
        tell("same", path, os.stat(path).st_ino == os.stat("a/b").st_ino)
    os.rename("a/b", "b")
    tell("moved", os.stat("b/..").st_ino == os.stat(".").st_ino, os.stat("b/c/../..").st_ino == os.stat(".").st_ino)
    here = os.open("b/c", os.O_RDONLY)
    os.rmdir("b/c")
    tell("removed", outcome(os.open, "x", os.O_CREAT, dir_fd=here), outcome(os.mkdir, "x", dir_fd=here))
