#!/usr/bin/env bash
# Keeps constraints.txt: the exact versions that AIOS Desktop is built and tested with.
#   constraints.sh           take the newest versions that pyproject.toml allows, into a throw-away environment
#   constraints.sh --check   say (exit code 1) where .venv differs from the file
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
source "$root/packaging/machine.sh"
file=$root/packaging/constraints.txt

frozen() { "$1" -m pip freeze -q --disable-pip-version-check --exclude-editable --exclude pip --exclude setuptools 2>/dev/null | LC_ALL=C sort -f; }

if [ "${1:-}" = --check ]; then
    diff <(grep -v '^#' "$file") <(frozen "$root/.venv/bin/python") && say "constraints.txt is what .venv holds."
    exit
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$(find_python)" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -qq --disable-pip-version-check -e "$root[dev]"
{ grep '^#' "$file"; frozen "$folder/venv/bin/python"; } >"$folder/new"
cp "$folder/new" "$file"
say "constraints.txt is new. Run packaging/test.sh before committing it."
