"""rename, link, rmdir and unlink: every kind onto every kind, within a directory and between two."""

import os

from world import KINDS, MEMBER, OTHER, OWNER, USERS, acting, describe, fresh, make, outcome, tell

ALL = (*KINDS, "full", "nothing")


def place(kind, path):
    make(kind, path, mode=0o755)


for source in ALL:
    for target in ALL:
        for to in ("x/to", "y/to"):
            with fresh():
                os.mkdir("x")
                os.mkdir("y")
                place(source, "x/from")
                place(target, to)
                identity = os.lstat("x/from").st_ino if source != "nothing" else None
                result = outcome(os.rename, "x/from", to)
                same = identity is not None and os.path.lexists(to) and os.lstat(to).st_ino == identity
                tell("rename", source, target, to, result, describe("x/from"), "|", describe(to), same)
                tell("  parents", describe("x"), "|", describe("y"))
        with fresh():
            place(source, "from")
            place(target, "to")
            result = outcome(os.link, "from", "to", follow_symlinks=False)
            tell("link", source, target, result, describe("from"), "|", describe("to"))

SPECIAL = {
    "onto itself": ("a", "a"),
    "onto its other name": ("a", "a2"),
    "below itself": ("d", "d/e/f"),
    "into itself": ("d", "d/f"),
    "onto its parent": ("d/e", "d"),
    "onto its grandparent": ("d/e/g", "d"),
    "the dot": (".", "x"),
    "onto the dot": ("d", "."),
    "the dot-dot": ("d/..", "x"),
    "onto the dot-dot": ("a", "d/.."),
    "with a slash": ("d/", "x/"),
    "a file with a slash": ("a/", "x"),
    "a file to a slash": ("a", "x/"),
    "a link to a directory with a slash": ("l/", "x"),
    "onto a link to a directory": ("e2", "l"),
    "a long name": ("a", "n" * 255),
    "a name too long": ("a", "n" * 256),
}
for name, (source, target) in SPECIAL.items():
    with fresh():
        make("file", "a")
        os.link("a", "a2")
        os.makedirs("d/e/g")
        os.mkdir("e2")
        os.symlink("d", "l")
        result = outcome(os.rename, source, target)
        tell("rename", name, result, sorted(os.listdir(".")), describe("a"), "|", describe("d"))

# Sticky directories, and directories that change their parent.
for sticky in (0o777, 0o1777):
    for owner_name, owner in (("owner", OWNER), ("member", MEMBER)):
        for thing_name, thing in USERS.items():
            for user, who in USERS.items():
                for kind in ("file", "directory"):
                    with fresh():
                        os.mkdir("d")
                        os.mkdir("free")
                        os.chmod("free", 0o777)
                        for name in ("a", "b", "c"):
                            make(kind, f"d/{name}", thing, 0o777)
                        make(kind, "free/mine", who, 0o777)
                        os.chown("d", owner[0], owner[1])
                        os.chmod("d", sticky)
                        with acting(who):
                            remove = os.rmdir if kind == "directory" else os.unlink
                            results = (
                                outcome(remove, "d/a"),
                                outcome(os.rename, "d/b", "free/b"),
                                outcome(os.rename, "free/mine", "d/c"),
                                outcome(os.rename, "d/c", "d/e"),
                            )
                        tell("sticky", oct(sticky), owner_name, thing_name, user, kind, *results, sorted(os.listdir("d")))

for mode in (0o777, 0o555, 0o000):
    for user, who in USERS.items():
        with fresh():
            os.mkdir("x")
            os.mkdir("y")
            os.chmod("x", 0o777)
            os.chmod("y", 0o777)
            make("directory", "x/d", OTHER, mode)
            make("directory", "x/e", OWNER, mode)
            with acting(who):
                results = [outcome(os.rename, *pair) for pair in (("x/d", "x/d2"), ("x/d2", "y/d"), ("x/e", "y/e"))]
            tell("move", oct(mode), user, *results, describe("x"), "|", describe("y"))

# Counts of names.
with fresh():
    make("file", "f")
    for number in range(20):
        os.link("f", f"f{number}")
    tell("links", describe("f"))
    for number in range(0, 20, 2):
        os.unlink(f"f{number}")
    tell("links", describe("f"), describe("f1"))
    os.rename("f", "f1")
    tell("links", describe("f"), describe("f1"))
    make("file", "g")
    os.rename("g", "f3")
    tell("links", describe("f3"), describe("f5"))
    for number in range(5):
        os.makedirs(f"d/s{number}")
    tell("links", describe("d"))
    os.rename("d/s0", "t")
    os.rmdir("d/s1")
    tell("links", describe("d"), describe("t"))
    os.rename("d/s2", "d/s3")
    tell("links", describe("d"))
    make("full", "full")
    tell("not empty", outcome(os.rmdir, "full"), outcome(os.rename, "t", "full"), outcome(os.unlink, "t"))
