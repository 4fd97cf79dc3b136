"""A file that is open when its last name goes is there until it is closed, and then gone."""

import os
import sys

file = os.open("open", os.O_CREAT | os.O_RDWR, 0o600)
os.write(file, b"before ")
os.unlink("open")
os.write(file, b"after")
os.fsync(file)
with open("/proc/sys/vm/drop_caches", "w") as caches:
    caches.write("3")
assert os.pread(file, 100, 0) == b"before after"
assert not os.path.exists("open")
os.ftruncate(file, 3)
assert os.pread(file, 100, 0) == b"bef"

# The name may be taken again, and by a rename too.
for name, text in (("open", b"second"), ("third", b"third")):
    with open(name, "wb") as other:
        other.write(text)
os.rename("third", "open")
assert os.pread(file, 100, 0) == b"bef"

second = os.open("open", os.O_RDONLY)
with open("fourth", "wb") as other:
    other.write(b"fourth")
os.rename("fourth", "open")  # over a file that is open
assert os.pread(second, 100, 0) == b"third"
os.close(second)
os.close(file)
assert os.listdir(".") == ["open"], os.listdir(".")
assert open("open", "rb").read() == b"fourth"

for number in range(200):  # many at once
    os.close(os.open(f"many-{number}", os.O_CREAT | os.O_WRONLY))
files = [os.open(f"many-{number}", os.O_RDWR) for number in range(200)]
for number, one in enumerate(files):
    os.unlink(f"many-{number}")
    os.write(one, b"%d" % number)
for number, one in enumerate(files):
    assert os.pread(one, 100, 0) == b"%d" % number
    os.close(one)
assert os.listdir(".") == ["open"], os.listdir(".")
