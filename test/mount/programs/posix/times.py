"""Which times a call changes, of what it is about and of the directories around it; and who may set them."""

import os

from libc import AT_SYMLINK_NOFOLLOW, UTIME_NOW, UTIME_OMIT, utimensat
from world import KINDS, OLD, OTHER, OWNER, ROOT, USERS, Times, acting, describe, fresh, make, outcome, tell


def with_file(flags, use):
    file = os.open("d/file", flags)
    try:
        use(file)
        os.fsync(file)
    finally:
        os.close(file)


CALLS = {
    "create": lambda: os.close(os.open("d/new", os.O_CREAT | os.O_EXCL)),
    "create-unchecked": lambda: os.close(os.open("d/new", os.O_CREAT | os.O_WRONLY)),
    "create-there": lambda: os.close(os.open("d/file", os.O_CREAT | os.O_WRONLY)),
    "mkdir": lambda: os.mkdir("d/new"),
    "mkfifo": lambda: os.mkfifo("d/new"),
    "symlink": lambda: os.symlink("x", "d/new"),
    "link": lambda: os.link("d/file", "d/new"),
    "unlink": lambda: os.unlink("d/file"),
    "unlink-one-of-two": lambda: os.unlink("d/second"),
    "rmdir": lambda: os.rmdir("d/empty"),
    "rename": lambda: os.rename("d/file", "d/new"),
    "rename-between": lambda: os.rename("d/file", "e/new"),
    "rename-over": lambda: os.rename("d/fifo", "d/file"),
    "rename-same": lambda: os.rename("d/file", "d/file"),
    "rename-other-name": lambda: os.rename("d/second", "d/two"),
    "rename-directory": lambda: os.rename("d/empty", "d/new"),
    "rename-directory-between": lambda: os.rename("d/empty", "e/new"),
    "chmod": lambda: os.chmod("d/file", 0o600),
    "chmod-same": lambda: os.chmod("d/file", 0o644),
    "chown": lambda: os.chown("d/file", 5, 6),
    "chown-same": lambda: os.chown("d/file", OWNER[0], OWNER[1]),
    "chown-nothing": lambda: os.chown("d/file", -1, -1),
    "lchown": lambda: os.lchown("d/symlink", 5, 6),
    "truncate-shorter": lambda: os.truncate("d/file", 3),
    "truncate-longer": lambda: os.truncate("d/file", 30),
    "open-truncate": lambda: os.close(os.open("d/file", os.O_WRONLY | os.O_TRUNC)),
    "write": lambda: with_file(os.O_WRONLY, lambda file: os.write(file, b"x")),
    "append": lambda: with_file(os.O_WRONLY | os.O_APPEND, lambda file: os.write(file, b"x")),
    "ftruncate": lambda: with_file(os.O_WRONLY, lambda file: os.ftruncate(file, 1)),
    "open": lambda: os.close(os.open("d/file", os.O_RDWR)),
    "utime": lambda: os.utime("d/file", ns=(5_000_000_001, 6_000_000_002)),
    "utime-directory": lambda: os.utime("d", ns=(5_000_000_001, 6_000_000_002)),
    "utime-symlink": lambda: os.utime("d/symlink", ns=(5_000_000_001, 6_000_000_002), follow_symlinks=False),
    "failing-create": lambda: os.close(os.open("d/file", os.O_CREAT | os.O_EXCL)),
    "failing-mkdir": lambda: os.mkdir("d/file"),
    "failing-rmdir": lambda: os.rmdir("d"),
    "failing-unlink": lambda: os.unlink("d/empty"),
    "failing-link": lambda: os.link("d/file", "d/fifo"),
    "failing-rename": lambda: os.rename("d/file", "d/empty"),
    "stat": lambda: os.stat("d/file"),
}
for call, run in CALLS.items():
    with fresh():
        os.mkdir("d")
        os.mkdir("e")
        make("file", "d/file")
        make("file", "d/second")
        os.link("d/second", "d/two")
        make("fifo", "d/fifo")
        make("directory", "d/empty")
        make("symlink", "d/symlink")
        watched = ("d", "e", "d/file", "d/two", "d/fifo", "d/empty", "d/symlink", "d/new", "e/new")
        with Times(*watched) as times:
            result = outcome(run)
        tell(call, result, times.told)

# Exactly the time that is given, to the nanosecond, and none where none is.
VALUES = ((1, 999_999_999), (2**31 - 1, 5), (2**31, 6), (2**32 - 2, 7), (1_500_000_000, 123_456_789))
for kind in KINDS:
    with fresh():
        make(kind, "thing")
        for seconds, nanoseconds in VALUES:
            nanoseconds += seconds * 1_000_000_000
            os.utime("thing", ns=(nanoseconds, nanoseconds + 1), follow_symlinks=False)
            status = os.lstat("thing")
            tell("utime", kind, status.st_atime_ns, status.st_mtime_ns)


def touch(arguments, path):
    """utimensat with UTIME_NOW and UTIME_OMIT, which Python has not: coreutils' touch has."""
    if os.spawnvp(os.P_WAIT, "touch", ["touch", *arguments, path]) != 0:
        raise PermissionError(1, "touch")


for arguments in (["-a"], ["-m"], ["-c"], ["-a", "-d", "@5"], ["-m", "-d", "@5.000000007"], ["-d", "@5"], ["-h", "-m"]):
    with fresh():
        make("file", "file")
        make("symlink", "link")
        # Following a symlink changes its access time on some file systems, and on others not.
        with Times("file", "link" if "-h" in arguments else "link.target") as times:
            results = outcome(touch, arguments, "file"), outcome(touch, arguments, "link")
        tell("touch", *arguments, *results, times.told)

for mode in (0o666, 0o644, 0o444, 0o222, 0o000):
    for user, who in USERS.items():
        with fresh():
            make("file", "file", OWNER, mode)
            os.utime("file", ns=OLD)
            with acting(who):
                results = (
                    outcome(os.utime, "file"),
                    outcome(os.utime, "file", ns=OLD),
                    outcome(os.utime, "file", ns=(OLD[0], 0)),
                )
            tell("may set", oct(mode), user, *results)

# One time set, one to now, one left: by whom, and what becomes of them.
NOW, OMIT, SET = (0, UTIME_NOW), (0, UTIME_OMIT), (5, 7)
MIXES = {"now": NOW, "omit": OMIT, "set": SET}
for mode in (0o666, 0o644):
    for user, who in USERS.items():
        for accessed in MIXES:
            for modified in MIXES:
                with fresh():
                    make("file", "file", OWNER, mode)
                    os.utime("file", ns=OLD)
                    with acting(who):
                        result = outcome(utimensat, "file", MIXES[accessed], MIXES[modified])
                    status = os.stat("file")
                    kept = [value if value in (*OLD, 5_000_000_007) else "now" for value in (status.st_atime_ns, status.st_mtime_ns)]
                    tell("utimensat", oct(mode), user, accessed, modified, result, *kept)
for kind in ("symlink", "dangling"):
    for mix in MIXES.values():
        with fresh():
            make(kind, "thing")
            with Times("thing") as times:
                result = outcome(utimensat, "thing", mix, mix, AT_SYMLINK_NOFOLLOW)
            tell("utimensat of a link", kind, mix[1] in (UTIME_NOW, UTIME_OMIT), result, times.told)

# Every kind, by somebody who may and by somebody who may not.
for kind in KINDS:
    for change, run in {
        "chmod": lambda: os.chmod("d/thing", 0o711, follow_symlinks=kind not in ("symlink", "dangling")),
        "chown": lambda: os.lchown("d/thing", 5, 6),
        "link": lambda: os.link("d/thing", "d/new", follow_symlinks=False),
        "unlink one of two": lambda: os.unlink("d/second"),
        "rename": lambda: os.rename("d/thing", "d/new"),
        "rename away": lambda: os.rename("d/thing", "e/new"),
        "rename over one of two": lambda: os.rename("d/other", "d/second"),
        "remove": lambda: (os.rmdir if kind == "directory" else os.unlink)("d/thing"),
        "utime": lambda: os.utime("d/thing", ns=(5_000_000_001, 6_000_000_002), follow_symlinks=False),
        "make": lambda: make(kind, "d/new", mode=0o600),
    }.items():
        if change == "chmod" and kind in ("symlink", "dangling"):
            continue  # kernels do not agree
        if change in ("link", "unlink one of two", "rename over one of two") and kind == "directory":
            continue
        for user, who in (("root", ROOT), ("other", OTHER)):
            with fresh():
                os.mkdir("d", 0o755)
                os.mkdir("e")
                make(kind, "d/thing")
                if kind != "directory":
                    os.link("d/thing", "d/second", follow_symlinks=False)
                    make(kind, "d/other")
                with Times("d", "e", "d/thing", "d/second", "d/other", "d/new", "e/new") as times:
                    with acting(who):
                        result = outcome(run)
                tell("every kind", kind, change, user, result, times.told, "|", describe("d/thing"), "|", describe("d/second"))
