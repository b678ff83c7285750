#!/usr/bin/env bash
# The independent check: makes logs with this project's code, and has Go's golang.org/x/mod verify them. Then the counter-check: whatever
# is changed in them must be refused, or the check proves nothing. Needs Go and Debian's golang-golang-x-mod-dev.
set -euo pipefail
cd "$(dirname "$0")/../.."

libraries=${GO_LIBRARIES:-/usr/share/gocode}
if ! command -v go >/dev/null || [ ! -d "$libraries/src/golang.org/x/mod/sumdb/tlog" ]; then
  echo 'test/go needs Go and golang.org/x/mod: apt-get install golang-go golang-golang-x-mod-dev' >&2
  exit 2
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
check=$scratch/check
export GO111MODULE=off GOPATH=$libraries GOFLAGS= GOCACHE="${GOCACHE:-${XDG_CACHE_HOME:-${HOME:-$scratch}/.cache}/go-build}"
(
  cd test/go
  unformatted=$(gofmt -l .)
  [ -z "$unformatted" ] || { echo "Run gofmt -w over: $unformatted" >&2; exit 1; }
  go vet .
  go build -o "$check" .
)

fixtures=$scratch/fixtures
node core/bin/launch.cjs test/go/make-fixtures.ts "$fixtures" >"$scratch/made" || { cat "$scratch/made"; exit 1; }

echo '== sound logs'
"$check" "$fixtures"/sound/*

echo '== what a hub serves over HTTP'
# HUB_SIZES are the sizes at which it is checked; without them, every change of shape up to 700 entries.
# shellcheck disable=SC2086
"$check" -hub node core/bin/launch.cjs test/go/serve-hub.ts ${HUB_SIZES:-} >"$scratch/served" || { tail -n 3 "$scratch/served"; exit 1; }
tail -n 4 "$scratch/served"

echo '== any one byte changed, in the small logs'
"$check" -flip "$fixtures"/sound/size-{0,1,3}

echo '== what must be refused'
refused=0

# Runs the check on folders that it must refuse: with exit code 1 and a reason, so that a crash is no refusal.
must_refuse() {
  local what=$1 code=0
  shift
  "$check" "$@" >"$scratch/out" 2>&1 || code=$?
  if [ "$code" -ne 1 ] || ! grep -q '^REFUSED' "$scratch/out"; then
    cat "$scratch/out"
    echo "NOT REFUSED (exit code $code): $what" >&2
    exit 1
  fi
  refused=$((refused + 1))
  echo "refused  $what ($(sed -n 's/^REFUSED *//p' "$scratch/out" | head -n 1))"
}

# A copy of a fixture, to be spoiled.
copy() {
  rm -rf "$scratch/spoiled"
  cp -r "$fixtures/sound/$1" "$scratch/spoiled"
}

# Changes the lowest bit of the byte in the middle of a file.
flip() {
  local file=$scratch/spoiled/$1 at byte
  at=$(($(wc -c <"$file") / 2))
  byte=$(od -An -tu1 -j "$at" -N 1 "$file")
  printf "\\x$(printf %02x $((byte ^ 1)))" | dd of="$file" bs=1 seek="$at" conv=notrunc status=none
}

for file in log/checkpoint log/tile/0/000 log/tile/0/001 log/tile/0/002.p/188 log/tile/1/000.p/2 \
  log/tile/entries/000 log/tile/entries/001 log/tile/entries/002.p/188; do
  copy size-700
  flip "$file"
  must_refuse "a bit flipped in $file of 700 entries" "$scratch/spoiled"
done

copy demo
flip "$(cd "$scratch/spoiled" && echo log/tile/entries/000.p/*)"
must_refuse 'a bit flipped in the entries of the demonstration' "$scratch/spoiled"

copy size-257
truncate -s -1 "$scratch/spoiled/log/tile/entries/001.p/1"
must_refuse 'a bundle cut short' "$scratch/spoiled"

copy size-257
printf 'x' >>"$scratch/spoiled/log/tile/0/000"
must_refuse 'a tile with a byte too many' "$scratch/spoiled"

copy size-257
rm "$scratch/spoiled/log/tile/1/000.p/1"
must_refuse 'a missing tile' "$scratch/spoiled"

copy size-256
cp "$fixtures/sound/size-257/log/checkpoint" "$scratch/spoiled/log/checkpoint"
must_refuse 'a checkpoint of another size' "$scratch/spoiled"

copy size-3
cp "$fixtures/sound/demo/log.vkey" "$scratch/spoiled/log.vkey"
must_refuse 'a checkpoint under the key of another log' "$scratch/spoiled"

copy size-3
cp "$fixtures/sound/demo/accounts.vkeys" "$scratch/spoiled/accounts.vkeys"
must_refuse 'entries of unknown signers' "$scratch/spoiled"

"$check" "$fixtures/fork/size-2" >/dev/null
must_refuse 'two histories under one key' "$fixtures/fork/size-2" "$fixtures/sound/size-700"

echo "The logs are sound by golang.org/x/mod too, and $refused spoiled ones were refused."
