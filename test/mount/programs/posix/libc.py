"""Calls that Python does not have, or not with everything: errors are OSErrors, as Python's own."""

import ctypes
import os

library = ctypes.CDLL(None, use_errno=True)
AT_FDCWD = -100
AT_SYMLINK_NOFOLLOW = 0x100
UTIME_NOW = (1 << 30) - 1
UTIME_OMIT = (1 << 30) - 2


class Timespec(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


class Dirent(ctypes.Structure):
    _fields_ = [
        ("inode", ctypes.c_uint64),
        ("offset", ctypes.c_int64),
        ("length", ctypes.c_uint16),
        ("type", ctypes.c_uint8),
        ("name", ctypes.c_char * 256),
    ]


library.opendir.restype = ctypes.c_void_p
library.readdir.restype = ctypes.POINTER(Dirent)
library.telldir.restype = ctypes.c_long
for call in (library.readdir, library.telldir, library.rewinddir, library.closedir, library.dirfd):
    call.argtypes = [ctypes.c_void_p]
library.seekdir.argtypes = [ctypes.c_void_p, ctypes.c_long]


def fail():
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number))


def utimensat(path, accessed, modified, flags=0):
    """Each time is a pair of seconds and nanoseconds, or UTIME_NOW or UTIME_OMIT in place of the nanoseconds."""
    times = (Timespec * 2)(accessed, modified)
    if library.utimensat(AT_FDCWD, os.fsencode(path), times, flags) != 0:
        fail()


class Directory:
    """A directory stream."""

    def __init__(self, path):
        self.stream = library.opendir(os.fsencode(path))
        if not self.stream:
            fail()

    def read(self):
        """The next name with its type and inode; None at the end."""
        ctypes.set_errno(0)
        entry = library.readdir(self.stream)
        if not entry:
            if ctypes.get_errno() != 0:
                fail()
            return None
        name = ctypes.string_at(ctypes.addressof(entry.contents) + Dirent.name.offset)
        return name, entry.contents.type, entry.contents.inode

    def rest(self):
        """All names that follow."""
        names = []
        while (entry := self.read()) is not None:
            names.append(entry[0])
        return names

    def tell(self):
        return library.telldir(self.stream)

    def seek(self, place):
        library.seekdir(self.stream, place)

    def rewind(self):
        library.rewinddir(self.stream)

    def close(self):
        library.closedir(self.stream)
