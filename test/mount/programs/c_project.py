"""Writes a small C project: a library of many files with a header of its own each, a program that tests it, a makefile."""

import os
import sys

COUNT = int(sys.argv[1])
os.makedirs("include")
os.makedirs("library")
for i in range(COUNT):
    with open(f"include/part{i}.h", "w") as header:
        header.write(f"#pragma once\n#define PART{i} {i}\nint part{i}(int);\n")
    with open(f"library/part{i}.c", "w") as source:
        below = f"part{i - 1}(x)" if i else "x"
        include = f'#include "part{i - 1}.h"\n' if i else ""
        source.write(f'#include "part{i}.h"\n{include}int part{i}(int x) {{ return PART{i} + {below}; }}\n')
with open("test.c", "w") as test:
    test.write(f"""#include <stdio.h>
#include "part{COUNT - 1}.h"
int main(void) {{
  printf("%d\\n", part{COUNT - 1}(0));
  return part{COUNT - 1}(0) != {sum(range(COUNT))};
}}
""")
with open("Makefile", "w") as makefile:
    makefile.write("""CFLAGS = -Iinclude -MMD -MP -O1
objects = $(patsubst %.c,%.o,$(wildcard library/*.c))
check: test
\t./test
test: test.o library/library.a
\t$(CC) -o $@ $^
library/library.a: $(objects)
\trm -f $@
\t$(AR) rcs $@ $^
-include $(objects:.o=.d) test.d
clean:
\trm -f test test.o library/*.o library/*.a library/*.d test.d
.PHONY: check clean
""")
