#!/bin/bash
# Saves a home, lists what was saved, and puts files back:
#
#   home save TIME KEEP       copies $HOME_DIR as of TIME and keeps the latest KEEP copies
#   home list                 prints the copies as JSON, one array
#   home restore ID PATH      puts PATH (relative to the home) of the copy ID back; "." is the whole home
#   home copy ID PATH         the same from the volume of a snapshot, mounted at /snapshot
#
# RESTIC_REPOSITORY, RESTIC_PASSWORD and AWS_* say where. Nothing that exists is overwritten: a file that is there
# already gets a neighbour with the suffix .restored-ID.
set -euo pipefail
home=${HOME_DIR:-/home/atoll}
snapshot=${SNAPSHOT_DIR:-/snapshot}
work=
export TZ=UTC RESTIC_CACHE_DIR=${RESTIC_CACHE_DIR:-/tmp/cache}

fail() {
  echo "home: $*" | tee /dev/termination-log >&2 2>/dev/null || true
  exit 1
}

# run leaves the last lines of what failed where Kubernetes shows them.
run() {
  local out
  out=$("$@" 2>&1) && return
  echo "$out" >&2
  fail "${out##*$'\n'}"
}

save() {
  local at=$1 keep=$2
  # A copy that was killed half-way leaves a lock of a pod that is gone.
  if restic cat config >/dev/null 2>&1; then
    run restic unlock --quiet
  else
    run restic init --repository-version 2 --quiet
  fi
  cd "$home"
  run restic backup . --host home --time "$at" --exclude-caches --exclude .cache --exclude '.restore-*' --quiet
  run restic forget --host home --keep-last "$keep" --prune --quiet
}

# list prints no copies where nothing was ever saved. restic ends alike for that and for a store that cannot be read.
list() {
  local said
  said=$(mktemp)
  if ! restic snapshots --json 2>"$said"; then
    grep -q "specified key does not exist" "$said" || fail "$(grep -m 1 . "$said")"
    echo "[]"
  fi
}

# fetch brings PATH of a copy into the folder $work: from the object store, or from the volume of a snapshot.
fetch() {
  local how=$1 id=$2 path=$3
  if [[ $how == copy ]]; then
    mkdir -p "$work/$(dirname "$path")"
    [[ ! -e $snapshot/$path && ! -L $snapshot/$path ]] || run cp -a -T "$snapshot/$path" "$work/$path"
  elif [[ $path == . ]]; then
    run restic restore "$id" --target "$work" --quiet
  else
    # A pattern's special characters stand for themselves here.
    run restic restore "$id" --target "$work" --include "/$(printf '%s' "$path" | sed 's/[][*?\\]/\\&/g')" --quiet
  fi
}

put() {
  local how=$1 id=$2 path=${3#/} target
  path=${path%/}
  path=${path:-.}
  [[ /$path/ != */../* ]] || fail "the path $path leads out of the home"
  work=$home/.restore-$id
  rm -rf "$work"
  trap 'rm -rf "$work"' EXIT
  if [[ $path == . ]]; then
    target=$home/restored-$id
    [[ ! -e $target ]] || fail "$target is there already: move it away first"
    fetch "$how" "$id" .
    mv -T "$work" "$target"
  else
    fetch "$how" "$id" "$path"
    [[ -e $work/$path || -L $work/$path ]] || fail "$path is not in this backup"
    target=$home/$path
    mkdir -p "$(dirname "$target")"
    [[ ! -e $target && ! -L $target ]] || target=$target.restored-$id
    [[ ! -e $target ]] || fail "$target is there already: move it away first"
    mv -T "$work/$path" "$target"
  fi
  echo "${target#"$home"/}"
}

case "${1:-}" in
save) save "${2:?TIME}" "${3:?KEEP}" ;;
list) list ;;
restore | copy) put "$1" "${2:?ID}" "${3:?PATH}" ;;
*) fail "usage: home save TIME KEEP | list | restore ID PATH | copy ID PATH" ;;
esac
