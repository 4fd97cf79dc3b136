"""How long, large, old and deep things can be on a mounted session, and what is told where they can't."""

import errno
import os

LARGEST = 2**43


def error_of(call, *arguments, **options):
    try:
        call(*arguments, **options)
    except OSError as error:
        return errno.errorcode[error.errno]
    return "ok"


# Sizes: what is too large is refused at once, and not when it is sent.
file = os.open("large", os.O_CREAT | os.O_RDWR)
assert os.pwrite(file, b"xy", LARGEST - 1) == 1
assert error_of(os.pwrite, file, b"x", LARGEST) == "EFBIG"
assert error_of(os.ftruncate, file, LARGEST + 1) == "EFBIG"
assert error_of(os.truncate, "large", 2**62) == "EFBIG"
os.fsync(file)
assert os.fstat(file).st_size == LARGEST
assert os.pread(file, 9, LARGEST - 2) == b"\0x"
assert os.fstat(file).st_blocks < 1000
os.close(file)

# Times: all that NFSv3 can say, and the nearest where it can't.
for asked, kept in ((0, 0), (2**31, 2**31), (2**32 - 1, 2**32 - 1), (-5, 0), (2**32 + 5, 2**32 - 1)):
    os.utime("large", (asked, asked))
    assert os.stat("large").st_mtime == kept, (asked, os.stat("large").st_mtime)
os.unlink("large")

# Room.
room = os.statvfs(".")
assert room.f_namemax == 255 and os.pathconf(".", "PC_NAME_MAX") == 255
assert 0 < room.f_bavail <= room.f_bfree <= room.f_blocks
assert 0 <= room.f_favail <= room.f_ffree <= room.f_files

# Paths: 4,095 bytes, as targets and as names, and not a byte more.
parts = ["p" * 127] * 31
os.makedirs("/".join(parts))
longest = "/".join([*parts, "q" * (4095 - 128 * 31)])
assert len(longest) == 4095
assert error_of(os.symlink, longest, "link") == "ok" and os.readlink("link") == longest
assert error_of(os.symlink, "x", longest) == "ok" and os.readlink(longest) == "x"
assert error_of(os.symlink, longest + "q", "longer") == "ENAMETOOLONG"
assert error_of(os.symlink, "x", longest + "q") == "ENAMETOOLONG"

# Directories may be deeper than any path is long.
deep = os.open("/".join(parts), os.O_RDONLY)
for level in range(60):
    os.mkdir("d" * 200, dir_fd=deep)
    deep = os.open("d" * 200, os.O_RDONLY, dir_fd=deep)
os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=deep))
assert os.stat("../../" + "d" * 200, dir_fd=deep).st_ino == os.stat("..", dir_fd=deep).st_ino
assert error_of(os.rename, "p" * 127, "inside", dst_dir_fd=deep) == "EINVAL"
os.rename("file", "up", src_dir_fd=deep)
assert os.listdir(deep) == []
