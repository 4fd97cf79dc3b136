#!/bin/sh
# Installs the dependencies when that has not been done for this lock file, so that any npm script works as the
# first command after `git clone`. npm puts node_modules/.bin first on the path: what runs after this finds the
# Node.js that the project brings along, whatever the machine has.
set -eu
cd "$(dirname "$0")/.."
installed=node_modules/.package-lock.json
if [ ! -f "$installed" ] || [ package-lock.json -nt "$installed" ]; then
  echo "micelio: installing dependencies (npm ci)" >&2
  npm ci --no-audit --no-fund --loglevel=error >&2
  touch "$installed"
fi
