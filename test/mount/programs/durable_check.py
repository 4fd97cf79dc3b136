"""Looks for all that durable_writer.py noted, and for nothing else."""

import os
import sys

last = max(int(line) for line in open(sys.argv[1]))
expected = {}
for number in range(last + 1):
    expected[f"d{number // 50}/file-{number}"] = f"content of {number} ".encode() * (number % 400 + 1)
    if number % 5 == 4:
        del expected[f"d{(number - 4) // 50}/file-{number - 4}"]

found = {f"{directory}/{name}" for directory in os.listdir(".") for name in os.listdir(directory)}
assert found == expected.keys(), (sorted(found - expected.keys())[:9], sorted(expected.keys() - found)[:9])
for name, text in expected.items():
    assert open(name, "rb").read() == text, name
print(len(expected))
