"""A file of 5 GiB, most of it a hole: what is written stays where it is, the rest is zeros, and takes no room."""

import os

GIB = 1 << 30
MARKS = {0: b"begin", GIB - 3: b"across", 2 * GIB: b"2G", 4 * GIB - 2: b"4G--", 5 * GIB - 4: b"last"}

file = os.open("sparse", os.O_CREAT | os.O_RDWR)
for offset, text in MARKS.items():
    assert os.pwrite(file, text, offset) == len(text)
os.fsync(file)
with open("/proc/sys/vm/drop_caches", "w") as caches:
    caches.write("3")
assert os.fstat(file).st_size == 5 * GIB, os.fstat(file).st_size
assert os.fstat(file).st_blocks * 512 < 64 << 20, os.fstat(file).st_blocks
for offset, text in MARKS.items():
    start = max(offset - 4096, 0)
    read = os.pread(file, 3 * 4096, start)
    assert read.strip(b"\0") == text and read.index(text) == offset - start, (offset, read.strip(b"\0"))
assert os.pread(file, 1 << 20, 3 * GIB) == bytes(1 << 20)

os.ftruncate(file, 4 * GIB)  # cuts through a mark
os.ftruncate(file, 6 * GIB)
os.fsync(file)
with open("/proc/sys/vm/drop_caches", "w") as caches:
    caches.write("3")
assert os.pread(file, 10, 4 * GIB - 4) == b"\0\0" + b"4G" + bytes(6)
assert os.pread(file, 4096, 5 * GIB - 100) == bytes(4096)
assert os.fstat(file).st_size == 6 * GIB
os.ftruncate(file, 0)
os.ftruncate(file, 10)
assert os.pread(file, 100, 0) == bytes(10)
