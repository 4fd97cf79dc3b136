"""Files while they are open: what becomes of them when their name, mode or size changes, and who sees what when."""

import os

from world import OLD, OWNER, ROOT, USERS, Times, acting, describe, fresh, make, outcome, tell


def seen(file):
    """What fstat tells at once, with nothing synced."""
    status = os.fstat(file)
    return f"{status.st_mode:o} {status.st_uid}:{status.st_gid} {status.st_size}"


# Nobody has to sync or close before others see it.
for mode in (0o4777, 0o2777, 0o6777, 0o2767):
    for user, who in USERS.items():
        with fresh():
            make("file", "file", OWNER, mode)
            with acting(who):
                file = os.open("file", os.O_RDWR)
                os.write(file, b"longer than it was")
                tell("written", oct(mode), user, seen(file), describe("file"))
                os.ftruncate(file, 3)
                tell("cut off", oct(mode), user, seen(file), describe("file"))
            os.close(file)

for user, who in USERS.items():
    for mode in (0o000, 0o200, 0o400, 0o444):
        with fresh():
            with acting(who):
                file = os.open("new", os.O_CREAT | os.O_EXCL | os.O_RDWR, mode)
                results = (outcome(os.ftruncate, file, 9), outcome(os.write, file, b"x"), outcome(os.pread, file, 1, 0))
                tell("made", user, oct(mode), *results, seen(file), outcome(os.open, "new", os.O_RDWR))
                tell("changed", outcome(os.fchmod, file, 0o640), outcome(os.utime, file, ns=OLD), seen(file))
            os.close(file)

# Without its name it is read and written on; its name is free, and a directory that had it can go.
for flags in (os.O_RDWR, os.O_RDWR | os.O_APPEND):
    with fresh():
        os.mkdir("d")
        make("file", "d/file")
        file = os.open("d/file", flags)
        other = os.open("d/file", os.O_RDONLY)
        os.unlink("d/file")
        tell("unlinked", describe("d/file"), os.write(file, b"CONTENTS"), os.pread(other, 20, 0), os.fstat(file).st_size)
        make("file", "d/file")
        tell("its name", describe("d/file"), open("d/file", "rb").read(), os.pread(other, 20, 0))
        tell("changed", outcome(os.fchmod, file, 0o600), outcome(os.ftruncate, file, 2), os.pread(other, 20, 0))
        os.close(file)
        tell("still", os.pread(other, 20, 0))
        os.close(other)
        os.unlink("d/file")
        tell("then", outcome(os.rmdir, "d"))

# Renamed, and renamed over.
with fresh():
    make("file", "a")
    with open("b", "wb") as out:
        out.write(b"of b")
    a, b = os.open("a", os.O_RDWR), os.open("b", os.O_RDWR)
    os.rename("a", "c")
    tell("renamed", os.pread(a, 20, 0), os.fstat(a).st_ino == os.stat("c").st_ino, describe("a"))
    os.rename("c", "b")
    tell("renamed over", os.pread(a, 20, 0), os.pread(b, 20, 0), open("b", "rb").read())
    tell("written", os.pwrite(b, b"OF B", 0), os.pwrite(a, b"CON", 0), open("b", "rb").read(), os.pread(b, 20, 0))
    os.close(b)
    os.close(a)
    os.mkdir("d")
    make("file", "d/in")
    file = os.open("d/in", os.O_RDWR)
    os.rename("d", "e")
    tell("moved", os.pread(file, 20, 0), os.write(file, b"more than it had"), open("e/in", "rb").read(), os.listdir("e"))
    os.close(file)

# Modes that come after the open do not matter to who has it open.
for user, who in (("root", ROOT), ("owner", OWNER)):
    for mode in (0o000, 0o200, 0o400):
        with fresh():
            make("file", "file", OWNER, 0o666)
            with acting(who):
                file = os.open("file", os.O_RDWR)
                os.chmod("file", mode)
                results = (outcome(os.write, file, b"x"), outcome(os.fsync, file), outcome(os.ftruncate, file, 4))
                tell("closed to others", user, oct(mode), *results, os.pread(file, 20, 0), seen(file))
                os.close(file)

# Exclusive is exclusive, whatever is there.
for kind in ("file", "directory", "symlink", "dangling", "fifo", "socket", "character"):
    with fresh():
        make(kind, "thing")
        before = describe("thing")
        tell("exclusive", kind, outcome(os.open, "thing", os.O_CREAT | os.O_EXCL | os.O_RDWR), describe("thing") == before)
with fresh():
    results = [outcome(os.open, "lock", os.O_CREAT | os.O_EXCL | os.O_WRONLY) for _ in range(5)]
    os.unlink("lock")
    tell("exclusive again", results, outcome(os.open, "lock", os.O_CREAT | os.O_EXCL | os.O_WRONLY))

# Cutting off what is empty already is a change too.
for user, who in USERS.items():
    with fresh():
        make("file", "file", OWNER, 0o666)
        os.truncate("file", 0)
        with Times("file", ".") as times:
            with acting(who):
                result = outcome(lambda: os.close(os.open("file", os.O_WRONLY | os.O_TRUNC)))
        tell("empty already", user, result, times.told)

# The same again and again: nothing is done twice, nothing is left.
with fresh():
    for turn in range(100):
        os.mkdir("d")
        make("file", "d/a")
        os.rename("d/a", "d/b")
        os.link("d/b", "d/c")
        os.symlink("b", "d/s")
        os.chmod("d/s", 0o600 + turn % 8)
        os.rename("d/b", "d/c")
        tell("turn", describe("d/b"), describe("d/c"), describe("d"), outcome(os.rmdir, "d"))
        for name in ("b", "c", "s"):
            os.unlink(f"d/{name}")
        os.rmdir("d")
    tell("left", os.listdir("."))

# Holes, positions and ends.
for size, hole in ((1, 10), (4096, 8192), (5000, 3_000_000), (40_000, 100_000), (7, 2**32)):
    with fresh():
        file = os.open("file", os.O_CREAT | os.O_RDWR)
        for part in range(4):
            os.pwrite(file, bytes([65 + part]) * size, part * (size + hole))
        os.fsync(file)
        with open("/proc/sys/vm/drop_caches", "w") as caches:
            caches.write("3")
        ends = [os.pread(file, 3, part * (size + hole) + size - 1) for part in range(4)]
        middles = [os.pread(file, 2, part * (size + hole) + size + hole // 2) for part in range(3)]
        tell("holes", size, hole, os.fstat(file).st_size, ends, middles)
        tell("positions", outcome(os.lseek, file, -1, os.SEEK_SET), outcome(os.lseek, file, -(2**40), os.SEEK_END))
        tell("ends", os.lseek(file, -1, os.SEEK_END), os.read(file, 9), os.read(file, 9), os.lseek(file, 0, os.SEEK_SET))
        os.close(file)
with fresh():
    for offset in (2**31 - 2, 2**31, 2**32 - 1, 2**32, 2**40, 2**42):
        file = os.open("large", os.O_CREAT | os.O_RDWR | os.O_TRUNC)
        os.pwrite(file, b"end", offset)
        os.fsync(file)
        tell("large", offset, os.stat("large").st_size, os.pread(file, 5, offset - 1), outcome(os.ftruncate, file, offset - 7))
        tell("less large", os.stat("large").st_size, os.pread(file, 9, offset - 9))
        os.close(file)
