"""Every call with every kind of path that does not lead where it should, and with every kind of thing at its end."""

import os

from world import KINDS, OWNER, ROOT, acting, describe, fresh, make, outcome, tell

LONG = "n" * 255
DEEP = "d/" * 2048

CALLS = {
    "chmod": lambda path: os.chmod(path, 0o600),
    "chown": lambda path: os.chown(path, OWNER[0], OWNER[1]),
    "lchown": lambda path: os.lchown(path, OWNER[0], OWNER[1]),
    "link-from": lambda path: os.link(path, "linked", follow_symlinks=False),
    "link-to": lambda path: os.link("file", path),
    "mkdir": lambda path: os.mkdir(path),
    "mkfifo": lambda path: os.mkfifo(path),
    "mknod": lambda path: os.mknod(path),
    "open": lambda path: os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK)),
    "open-write": lambda path: os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK)),
    "open-create": lambda path: os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_NONBLOCK)),
    "open-exclusive": lambda path: os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)),
    "open-truncate": lambda path: os.close(os.open(path, os.O_TRUNC | os.O_RDWR | os.O_NONBLOCK)),
    "open-directory": lambda path: os.close(os.open(path, os.O_RDONLY | os.O_DIRECTORY)),
    "open-nofollow": lambda path: os.close(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)),
    "rename-from": lambda path: os.rename(path, "renamed"),
    "rename-to": lambda path: os.rename("file", path),
    "rename-directory-to": lambda path: os.rename("directory", path),
    "rmdir": lambda path: os.rmdir(path),
    "symlink": lambda path: os.symlink("target", path),
    "truncate": lambda path: os.truncate(path, 3),
    "unlink": lambda path: os.unlink(path),
    "utimensat": lambda path: os.utime(path),
    "utimensat-nofollow": lambda path: os.utime(path, follow_symlinks=False),
    "stat": lambda path: os.stat(path),
    "readlink": lambda path: os.readlink(path),
    "readdir": lambda path: os.listdir(path),
}

PATHS = {
    "empty": "",
    "missing": "missing",
    "missing-slash": "missing/",
    "below-missing": "missing/name",
    "below-file": "file/name",
    "below-fifo": "fifo/name",
    "below-dangling": "dangling/name",
    "below-loop": "loop/name",
    "loop": "loop",
    "file-slash": "file/",
    "symlink-slash": "symlink/",
    "directory-slash": "directory/",
    "directory-symlink": "to-directory",
    "directory-symlink-slash": "to-directory/",
    "through-symlink": "to-directory/name",
    "dot": ".",
    "directory-dot": "directory/.",
    "dot-dot": "..",
    "directory-dot-dot": "directory/..",
    "full": "full",
    "longest": LONG,
    "too-long": LONG + "n",
    "below-too-long": LONG + "n/name",
    "too-deep": DEEP,
    "absolute-root": "/",
}


def world(call, path):
    """What the call is about: little, for it is made anew each time."""
    needed = {path.split("/")[0]} & {*KINDS, "loop", "full", "to-directory"}
    needed |= {"file"} if call in ("link-to", "rename-to") else set()
    needed |= {"directory"} if call == "rename-directory-to" or "to-directory" in needed else set()
    for name in sorted(needed - {"to-directory"}):
        make(name, name, mode=0o755)
    if "to-directory" in needed:
        os.symlink("directory", "to-directory")


for call, run in CALLS.items():
    for name, path in {**PATHS, **{kind: kind for kind in KINDS}}.items():
        if name == "absolute-root" and call in ("chmod", "chown", "lchown", "utimensat", "utimensat-nofollow"):
            continue
        for user, who in (("root", ROOT), ("owner", OWNER)):
            with fresh():
                world(call, path)
                with acting(who):
                    result = outcome(run, path)
                after = describe(path) if 0 < len(path) < 300 and not path.startswith(("/", "..")) else ""
                tell(call, name, user, result, after, len(os.listdir(".")))
