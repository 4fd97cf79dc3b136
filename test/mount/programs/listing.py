"""Lists a directory of many names, which is there, while others come and go: a name that is there all the while is listed once."""

import os
import sys

MANY = sys.argv[1]
stay = {f"stay-{i:06d}" for i in range(int(sys.argv[2]))}


def forget():
    os.sync()
    with open("/proc/sys/vm/drop_caches", "w") as file:
        file.write("3")


def change(turn, number):
    name = f"{MANY}/passing-{turn}-{number:06d}"
    os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    if number % 3 == 1:
        os.unlink(name)
    if number % 3 == 2:
        os.rename(name, f"{MANY}/a-new-name-{turn}-{number:06d}")


forget()
for turn in range(3):
    seen = {}
    changes = 0
    with os.scandir(MANY) as entries:
        for number, entry in enumerate(entries):
            seen[entry.name] = seen.get(entry.name, 0) + 1
            if number % 97 == 0:
                change(turn, changes)
                changes += 1
            if number % 20000 == 0:
                forget()
    assert all(count == 1 for count in seen.values()), [name for name, count in seen.items() if count > 1][:5]
    missing = stay - seen.keys()
    assert not missing, f"turn {turn}: {len(missing)} missing, such as {sorted(missing)[:5]}"
    print("turn", turn)
