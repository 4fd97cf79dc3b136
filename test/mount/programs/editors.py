"""How editors and other programs save a file: each way leaves exactly the new text, under the old name."""

import os
import stat
import tempfile

OLD = b"old text, the longer one\n" * 300
NEW = b"new text\n" * 100


def truncate_and_write(path):
    with open(path, "wb") as file:  # nano, and vim where it may not rename
        file.write(NEW)
        file.flush()
        os.fsync(file.fileno())


def backup_and_write(path):
    os.rename(path, path + "~")  # vim with backupcopy=no
    with open(path, "xb") as file:
        file.write(NEW)
        os.fchmod(file.fileno(), stat.S_IMODE(os.stat(path + "~").st_mode))
        file.flush()
        os.fsync(file.fileno())
    os.unlink(path + "~")


def write_and_rename(path):
    handle, temporary = tempfile.mkstemp(dir=".", prefix=".save-")  # most of the others
    with os.fdopen(handle, "wb") as file:
        file.write(NEW)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(temporary, stat.S_IMODE(os.stat(path).st_mode))
    os.replace(temporary, path)
    directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(directory)
    os.close(directory)


def link_then_write(path):
    os.link(path, path + ".bak")  # emacs with backup-by-copying-when-linked
    truncate_and_write(path)
    os.unlink(path + ".bak")


def write_then_truncate(path):
    with open(path, "r+b") as file:
        file.write(NEW)
        file.truncate()


def in_place_through_mapping(path):
    import mmap

    os.truncate(path, len(NEW))
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), len(NEW)) as mapping:
        mapping[:] = NEW
        mapping.flush()


def exchange_without_write_permission(path):
    handle = os.open("fresh", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o400)  # git's objects are made like that
    os.write(handle, NEW)
    os.fchmod(handle, 0o640)
    os.close(handle)
    os.rename("fresh", path)


for save in (
    truncate_and_write,
    backup_and_write,
    write_and_rename,
    link_then_write,
    write_then_truncate,
    in_place_through_mapping,
    exchange_without_write_permission,
):
    name = save.__name__
    os.mkdir(name)
    os.chdir(name)
    with open("file", "wb") as file:
        file.write(OLD)
    os.chmod("file", 0o640)
    reader = open("file", "rb")
    save("file")
    with open("file", "rb") as file:
        content = file.read()
    assert content == NEW, f"{name}: {content[:30]}… of {len(content)} bytes"
    assert stat.S_IMODE(os.stat("file").st_mode) == 0o640, f"{name}: mode {os.stat('file').st_mode:o}"
    assert os.stat("file").st_nlink == 1, name
    reader.close()
    assert os.listdir(".") == ["file"], f"{name}: {os.listdir('.')}"
    os.chdir("..")
    print(name)
