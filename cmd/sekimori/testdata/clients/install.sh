#!/bin/sh
# Puts the clients that the tests drive into a folder: sh install.sh FOLDER.
# Then: SEKIMORI_CLIENTS=FOLDER go test ./cmd/sekimori -run Client
# A language that is not there is left out, and its tests are skipped.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1" && cd "$1"
has() { command -v "$1" >/dev/null 2>&1 || { echo "$1 is not installed: its clients are left out"; false; }; }

if has go; then
  (cd "$here/go" && go build -o "$OLDPWD/client-go" .)
  [ -x h2spec ] || GOBIN="$PWD" go install github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible 2>/dev/null
fi
if has python3; then
  [ -x py/bin/python ] || python3 -m venv py
  py/bin/pip install -q --disable-pip-version-check -r "$here/python/requirements.txt"
fi
if has npm; then
  mkdir -p js && cp "$here"/js/* js/
  (cd js && npm install --silent --no-audit --no-fund)
fi
if has javac; then javac -d java "$here/java/Send.java"; fi
if has cargo; then
  # An old compiler cannot build today's libraries; that is no fault of ours.
  cargo build -q --locked --manifest-path "$here/rust/Cargo.toml" --target-dir rust && cp rust/debug/sekimori-test-clients client-rust ||
    echo "the Rust clients cannot be built here: they are left out"
fi
