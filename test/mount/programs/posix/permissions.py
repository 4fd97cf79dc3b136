"""Who may do what: modes of directories and of things, their owners, and every user."""

import itertools
import os
import stat

from world import KINDS, MEMBER, OTHER, OWNER, USERS, acting, describe, fresh, make, outcome, tell

CHANGES = {
    "create": lambda: os.close(os.open("d/new", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o640)),
    "create-read-only": lambda: os.write(os.open("d/new", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o444), b"x"),
    "create-no-mode": lambda: os.write(os.open("d/new", os.O_CREAT | os.O_RDWR, 0), b"x"),
    "mkdir": lambda: os.mkdir("d/new", 0o2750),
    "symlink": lambda: os.symlink("x", "d/new"),
    "mkfifo": lambda: os.mkfifo("d/new", 0o604),
    "mknod-socket": lambda: os.mknod("d/new", stat.S_IFSOCK | 0o640),
    "mknod-device": lambda: os.mknod("d/new", stat.S_IFCHR | 0o640, os.makedev(1, 3)),
    "link": lambda: os.link("mine", "d/new"),
    "unlink": lambda: os.unlink("d/file"),
    "rmdir": lambda: os.rmdir("d/directory"),
    "rename-in": lambda: os.rename("mine", "d/new"),
    "rename-over": lambda: os.rename("mine", "d/file"),
    "rename-out": lambda: os.rename("d/file", "new"),
    "rename-within": lambda: os.rename("d/file", "d/new"),
    "rename-directory-out": lambda: os.rename("d/directory", "new"),
    "rename-directory-within": lambda: os.rename("d/directory", "d/new"),
    "stat": lambda: os.stat("d/file"),
    "list": lambda: os.listdir("d"),
    "open": lambda: os.close(os.open("d/file", os.O_RDONLY)),
}

for mode in (0o777, 0o1777, 0o755, 0o1755, 0o2775, 0o700, 0o555, 0o666, 0o311, 0o000):
    for change, run in CHANGES.items():
        for user, who in USERS.items():
            with fresh():
                os.mkdir("d")
                make("file", "d/file", MEMBER, 0o644)
                make("directory", "d/directory", MEMBER, 0o755)
                make("file", "mine", who, 0o644)
                os.chown("d", OWNER[0], OWNER[1])
                os.chmod("d", mode)
                with acting(who):
                    result = outcome(run)
                tell("directory", oct(mode), change, user, result, describe("d"), "|", describe("d/new"))

ACCESSES = {
    "read": lambda path: os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK)),
    "write": lambda path: os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK)),
    "read-write": lambda path: os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK)),
    "truncate": lambda path: os.truncate(path, 2),
    "truncate-longer": lambda path: os.truncate(path, 20),
    "chmod": lambda path: os.chmod(path, 0o4711),
    "chown-self": lambda path: os.chown(path, os.geteuid(), -1),
    "chgrp-own": lambda path: os.chown(path, -1, os.getegid()),
    "chgrp-supplementary": lambda path: os.chown(path, -1, 1000),
    "chgrp-strange": lambda path: os.chown(path, -1, 4242),
    "chown-nothing": lambda path: os.chown(path, -1, -1),
    "chown-away": lambda path: os.chown(path, OTHER[0], -1),
    "utime-now": lambda path: os.utime(path),
    "utime-set": lambda path: os.utime(path, ns=(5_000_000_001, 6_000_000_002)),
    "access-r": lambda path: os.access(path, os.R_OK, effective_ids=True) or os.stat("denied"),
    "access-w": lambda path: os.access(path, os.W_OK, effective_ids=True) or os.stat("denied"),
    "access-x": lambda path: os.access(path, os.X_OK, effective_ids=True) or os.stat("denied"),
}

OWNERS_WHATEVER_THE_MODE = ("chmod", "chown", "chgrp")
for mode in [0o777, 0o666, 0o6755] + [bits << shift for shift, bits in itertools.product((0, 3, 6), range(8))]:
    for access, run in ACCESSES.items():
        if access.startswith(OWNERS_WHATEVER_THE_MODE) and mode not in (0o777, 0o6755, 0):
            continue
        for user, who in USERS.items():
            with fresh():
                make("file", "file", OWNER, mode)
                with acting(who):
                    result = outcome(run, "file")
                tell("file", oct(mode), access, user, result, describe("file"))

for kind in KINDS:
    for access, run in ACCESSES.items():
        for user, who in USERS.items():
            if kind == "block" and access in ("read", "write", "read-write"):
                continue  # there is no such device
            with fresh():
                make(kind, "thing", OWNER, 0o640)
                with acting(who):
                    result = outcome(run, "thing")
                tell(kind, access, user, result, describe("thing"))

# The sixteenth of a user's groups counts as the first does.
GROUPS = tuple(range(2001, 2017))
for group in (2000, 2001, 2008, 2016, 2017):
    for mode in (0o040, 0o060, 0o070, 0o707):
        with fresh():
            make("file", "file", OWNER, mode)
            os.chown("file", -1, group)
            os.chmod("file", mode)
            os.mkdir("d")
            os.chown("d", OWNER[0], group)
            os.chmod("d", mode)
            with acting((65531, 2000, GROUPS)):
                results = [outcome(run, "file") for name, run in ACCESSES.items() if name.startswith(("read", "write", "access"))]
                results += [outcome(os.listdir, "d"), outcome(os.mkdir, "d/new"), outcome(os.open, "d/f", os.O_CREAT)]
            tell("groups", group, oct(mode), *results)
    with fresh():
        make("file", "mine", (65531, 1, ()), 0o6755)
        with acting((65531, 2000, GROUPS)):
            tell("to a group", group, outcome(os.chown, "mine", -1, group), describe("mine"), outcome(os.chmod, "mine", 0o2755))
        tell("then", describe("mine"))
