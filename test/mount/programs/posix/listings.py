"""Directory streams: their places, what comes and goes meanwhile, and whose they are."""

import os
import random

from libc import Directory
from world import KINDS, MEMBER, OWNER, acting, fresh, make, outcome, tell

COUNT = 500
DOTS = (b".", b"..")


def names(count=COUNT):
    return [b"name-%03d-%s" % (number, b"x" * (number % 200)) for number in range(count)]


def fill(count=COUNT):
    for name in names(count):
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY))


def listing(stream):
    return sorted(name for name in stream.rest() if name not in DOTS)


for count in (0, 1, 2, 10, COUNT):
    with fresh():
        fill(count)
        stream = Directory(".")
        whole = stream.rest()
        tell("all", count, len(whole), sorted(whole) == sorted([*DOTS, *names(count)]), stream.read())
        stream.rewind()
        tell("again", count, sorted(stream.rest()) == sorted(whole))
        stream.close()

# Every place leads to the name that followed it, in whatever order they are gone to.
with fresh():
    fill()
    stream = Directory(".")
    places = []
    while True:
        place = stream.tell()
        entry = stream.read()
        if entry is None:
            break
        places.append((place, entry[0]))
    tell("places", len(places), len({place for place, _ in places}))
    shuffled = places[:]
    random.Random(1).shuffle(shuffled)
    wrong = 0
    for place, name in shuffled:
        stream.seek(place)
        wrong += stream.read()[0] != name
    tell("gone to", wrong)
    place, name = places[COUNT // 2]
    stream.seek(place)
    tell("the rest", [name for name in stream.rest()] == [name for _, name in places[COUNT // 2 :]])
    # Also when names before and behind it have gone meanwhile.
    gone = [name for _, name in places[10:300:7] + places[301:400:3] if name not in DOTS]
    for name in gone:
        os.unlink(name)
    stream.seek(place)
    left = set(stream.rest())
    expected = {name for _, name in places[COUNT // 2 :]} - set(gone)
    tell("after some have gone", expected <= left, len(left & {name for _, name in places[: COUNT // 2]} - set(gone)))
    stream.rewind()
    tell("from the beginning", len(listing(stream)) == COUNT - len(gone))
    stream.close()

# A directory that is emptied while it is listed, as rm -r does, is empty then.
with fresh():
    fill(2000)
    stream = Directory(".")
    removed = 0
    while (entry := stream.read()) is not None:
        if entry[0] not in DOTS:
            os.unlink(entry[0])
            removed += 1
    tell("emptied", removed, os.listdir("."))
    stream.close()

# What stays is listed once, what comes or goes at most once.
with fresh():
    fill(1000)
    stream = Directory(".")
    seen = []
    while (entry := stream.read()) is not None:
        seen.append(entry[0])
        if len(seen) % 50 == 0 and len(seen) < 1000:
            number = len(seen)
            os.close(os.open(b"new-%d" % number, os.O_CREAT | os.O_WRONLY))
            os.rename(b"new-%d" % number, names(1000)[number])
            os.mkdir(b"dir-%d" % number)
    stay = [seen.count(name) for name in names(1000)]
    tell("stays", min(stay), max(stay), len(seen) - len(set(seen)))
    stream.rewind()
    tell("there then", len(listing(stream)))
    stream.close()

with fresh():
    for kind in KINDS:
        make(kind, kind)
    stream = Directory(".")
    found = {}
    while (entry := stream.read()) is not None:
        name, kind, inode = entry
        found[name.decode()] = (kind, name == b".." or inode == os.lstat(name).st_ino)
    tell("kinds", sorted(found.items()))
    stream.close()

# A stream is for who opened it while they were allowed to, and of a directory that is gone there is nothing to list.
with fresh():
    for user, who in (("owner", OWNER), ("member", MEMBER)):
        for mode in (0o700, 0o740, 0o444, 0o000):
            make("directory", "d", OWNER, 0o700)
            make("file", "d/in")
            os.chmod("d", mode)
            with acting(who):
                tell("opens", user, oct(mode), outcome(Directory, "d"), outcome(os.listdir, "d"), outcome(os.stat, "d/in"))
            os.unlink("d/in")
            os.rmdir("d")
    make("directory", "d", OWNER, 0o700)
    make("file", "d/in")
    with acting(OWNER):
        stream = Directory("d")
        os.chmod("d", 0)
        tell("opened before", sorted(stream.rest()))
        stream.close()
    stream = Directory("d")
    os.unlink("d/in")
    os.rmdir("d")
    tell("gone", outcome(stream.read))
    stream.close()
