"""The twelve bits: what chmod, chown, writing and creating make of them, and whose what is new becomes."""

import os
import stat

from world import MEMBER, OTHER, OWNER, ROOT, USERS, acting, describe, fresh, make, outcome, tell

for kind in ("file", "directory", "fifo"):
    for mode in (0o7777, 0o6755, 0o4711, 0o2711, 0o2644, 0o1777, 0o1644, 0o0):
        for user, who in USERS.items():
            for group in (OWNER[1], 1000, 4242):
                with fresh():
                    make(kind, "thing", OWNER if user != "member" else MEMBER, 0o600)
                    os.chown("thing", -1, group)
                    with acting(who):
                        result = outcome(os.chmod, "thing", mode)
                    tell("chmod", kind, oct(mode), user, group, result, describe("thing"))

for kind in ("file", "directory"):
    for mode in (0o6777, 0o6711, 0o6767, 0o2767, 0o4644, 0o1755):
        for uid, gid in ((-1, -1), (OWNER[0], -1), (-1, OWNER[1]), (-1, 1000), (OTHER[0], OTHER[1])):
            for user, who in (("root", ROOT), ("member", MEMBER)):
                with fresh():
                    make(kind, "thing", MEMBER, mode)
                    with acting(who):
                        result = outcome(os.chown, "thing", uid, gid)
                    tell("chown", kind, oct(mode), uid, gid, user, result, describe("thing"))

with fresh():
    make("file", "target", OWNER, 0o644)
    os.symlink("target", "link")
    os.lchown("link", 11, 12)
    tell("lchown", describe("link"), describe("target"))
    os.chown("link", 13, 14)
    tell("chown through a link", describe("link"), describe("target"))

for mode in (0o6777, 0o6711, 0o6766, 0o2745):
    for user, who in (("root", ROOT), ("owner", OWNER), ("other", OTHER)):
        if user == "other" and not mode & 2:
            continue  # a network file system knows no open files: only the owner may go on writing
        for change, run in {
            "write": lambda file: os.write(file, b"x"),
            "write-nothing": lambda file: os.write(file, b""),
            "ftruncate": lambda file: os.ftruncate(file, 2),
            "ftruncate-same": lambda file: os.ftruncate(file, 7),
        }.items():
            with fresh():
                make("file", "file", OWNER, 0o666)
                with acting(who):
                    file = os.open("file", os.O_RDWR)
                os.chmod("file", mode)
                with acting(who):
                    result = outcome(run, file)
                os.fsync(file)
                os.close(file)
                tell("written", oct(mode), user, change, result, describe("file"))
        for change, run in {
            "truncate": lambda: os.truncate("file", 1),
            "open-truncate": lambda: os.close(os.open("file", os.O_RDWR | os.O_TRUNC)),
        }.items():
            with fresh():
                make("file", "file", OWNER, mode)
                with acting(who):
                    result = outcome(run)
                tell("written", oct(mode), user, change, result, describe("file"))

MAKERS = {
    "open": lambda mode: os.close(os.open("d/new", os.O_CREAT | os.O_WRONLY, mode)),
    "open-exclusive": lambda mode: os.close(os.open("d/new", os.O_CREAT | os.O_EXCL | os.O_RDWR, mode)),
    "mkdir": lambda mode: os.mkdir("d/new", mode),
    "mkfifo": lambda mode: os.mkfifo("d/new", mode),
    "mknod": lambda mode: os.mknod("d/new", stat.S_IFREG | mode),
    "symlink": lambda mode: os.symlink("x" * (mode % 1000 + 1), "d/new"),
}
for maker, run in MAKERS.items():
    for mode in (0o7777, 0o6755, 0o2755, 0o666, 0o444, 0o1000, 0):
        for umask in (0, 0o022, 0o077, 0o777):
            for parent in (0o777, 0o2777):
                for user, who in (("root", ROOT), ("member", MEMBER), ("other", OTHER)):
                    if maker == "symlink" and (umask or mode == 0o7777):
                        continue
                    with fresh():
                        os.mkdir("d")
                        os.chown("d", 77, 4242 if mode % 2 else OWNER[1])
                        os.chmod("d", parent)
                        os.umask(umask)
                        with acting(who):
                            result = outcome(run, mode)
                        os.umask(0)
                        tell("new", maker, oct(mode), oct(umask), oct(parent), user, result, describe("d/new"))

for user, who in USERS.items():
    with fresh():
        make("file", "file", OWNER, 0o666)
        with acting(OWNER):
            file = os.open("file", os.O_RDWR)
        os.chmod("file", 0)
        with acting(OWNER):
            tell("open before chmod 0", outcome(os.write, file, b"x"), outcome(os.fsync, file), outcome(os.read, file, 3))
        os.close(file)
