"""Users, things of every kind, and what is told of them. What the programs beside this print on a mount must be what
they print on a local file system."""

import errno
import os
import stat
import time
from contextlib import contextmanager

ROOT = (0, 0, ())
OWNER = (65534, 65534, ())
MEMBER = (65533, 65533, (65534, 1000))  # of the owner's group
OTHER = (65532, 65532, (1000,))
USERS = {"root": ROOT, "owner": OWNER, "member": MEMBER, "other": OTHER}
KINDS = ("file", "directory", "symlink", "dangling", "fifo", "socket", "character", "block")

os.umask(0)
cases = 0


@contextmanager
def acting(user):
    """Does something as a user: what the kernel checks is the effective user, its group and groups."""
    uid, gid, groups = user
    os.setgroups(groups)
    os.setegid(gid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(())


@contextmanager
def fresh(mode=0o777):
    """A new directory to be in, of the owner."""
    global cases
    cases += 1
    before = os.open(".", os.O_RDONLY)
    os.mkdir(f"case-{cases}")
    os.chdir(f"case-{cases}")
    os.chown(".", OWNER[0], OWNER[1])
    os.chmod(".", mode)
    try:
        yield
    finally:
        os.fchdir(before)
        os.close(before)


def outcome(call, *arguments, **options):
    """What a call came to: "ok", or the name of its error."""
    try:
        call(*arguments, **options)
    except OSError as error:
        return errno.errorcode[error.errno]
    return "ok"


def make(kind, path, user=OWNER, mode=0o644):
    """Makes something that belongs to a user."""
    if kind == "file":
        with open(path, "wb") as file:
            file.write(b"content")
    elif kind == "directory":
        os.mkdir(path)
    elif kind == "full":
        os.mkdir(path)
        make("file", path + "/in")
    elif kind == "symlink":
        if not os.path.lexists(path + ".target"):
            make("file", path + ".target", user, mode)
        os.symlink(os.path.basename(path) + ".target", path)
    elif kind == "dangling":
        os.symlink("nowhere", path)
    elif kind == "loop":
        os.symlink(os.path.basename(path), path)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        os.mknod(path, stat.S_IFSOCK)
    elif kind == "character":
        os.mknod(path, stat.S_IFCHR, os.makedev(1, 3))
    elif kind == "block":
        os.mknod(path, stat.S_IFBLK, os.makedev(7, 201))
    elif kind != "nothing":
        raise ValueError(kind)
    if kind != "nothing":
        os.lchown(path, user[0], user[1])
        if not os.path.islink(path):
            os.chmod(path, mode)


def describe(path):
    """All that lstat tells and that does not differ from one file system to another."""
    try:
        status = os.lstat(path)
    except OSError as error:
        return errno.errorcode[error.errno]
    size = "" if stat.S_ISDIR(status.st_mode) else f" {status.st_size}"
    device = f" {status.st_rdev:x}" if status.st_rdev else ""
    return f"{status.st_mode:o} {status.st_nlink} {status.st_uid}:{status.st_gid}{size}{device}"


def tell(*words):
    print(*words, flush=False)


OLD = (1_000_000_000_123_456_789, 1_100_000_000_987_654_321)


class Times:
    """Which times of some things a call changes. Their access and modification are set to long ago first."""

    def __init__(self, *paths):
        self.paths = paths
        self.before = {}

    def __enter__(self):
        for path in self.paths:
            if os.path.lexists(path):
                os.utime(path, ns=OLD, follow_symlinks=False)
        for path in self.paths:
            if os.path.lexists(path):
                self.before[path] = os.lstat(path)
        time.sleep(0.025)  # a tick of the clock
        return self

    def __exit__(self, *_):
        self.told = " ".join(f"{path}={self.changed(path)}" for path in self.paths)

    def changed(self, path):
        if not os.path.lexists(path):
            return "gone"
        after = os.lstat(path)
        before = self.before.get(path)
        if before is None:
            now = time.time()
            recent = all(abs(now - value) < 60 for value in (after.st_atime, after.st_mtime, after.st_ctime))
            return "new" if recent else "new-with-other-times"
        names = {"a": "st_atime_ns", "m": "st_mtime_ns", "c": "st_ctime_ns"}
        return "".join(letter for letter, name in names.items() if getattr(before, name) != getattr(after, name)) or "-"
