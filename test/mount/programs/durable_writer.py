"""Writes files until it is told to stop, and notes each that it was told is safe, on another file system."""

import os
import sys

NOTES, STOP = sys.argv[1:]

number = 0
with open(NOTES, "w") as notes:
    while not os.path.exists(STOP):
        directory = f"d{number // 50}"
        os.makedirs(directory, exist_ok=True)
        name = f"{directory}/file-{number}"
        text = f"content of {number} ".encode() * (number % 400 + 1)
        file = os.open(name + ".new", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        os.write(file, text)
        os.fsync(file)
        os.close(file)
        os.rename(name + ".new", name)
        if number % 5 == 4:
            os.unlink(f"d{(number - 4) // 50}/file-{number - 4}")
        notes.write(f"{number}\n")
        notes.flush()
        number += 1
print(number)
