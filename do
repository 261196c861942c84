#!/usr/bin/env bash
# The front door of this repository: `./do help` says what is behind it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
export CTEST_PARALLEL_LEVEL=${CTEST_PARALLEL_LEVEL:-$(nproc)}

say() { printf '\n== %s\n' "$*"; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# wanted GROUP...: packages of these groups of packages.txt, each with the version that it was tested with.
wanted() { awk -v groups=" $* " '!/^#/ && index(groups, " " $1 " ") { print $2, $3 }' packages.txt | sort -u; }

# need GROUP...: installs the packages of these groups that are not there yet, and names those of another version.
need() {
  local package tested found missing=()
  while read -r package tested; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done < <(wanted "$@")
  if [ ${#missing[@]} -gt 0 ]; then
    say "installing ${missing[*]}"
    as_root apt-get -q update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "${missing[@]}"
  fi
  while read -r package tested; do
    found=$(dpkg-query -W -f '${Version}' "$package")
    [ "$found" = "$tested" ] || echo "warning: $package is $found; gusto was tested with $tested (packages.txt)" >&2
  done < <(wanted "$@")
}

configure() { say "configuring $*" && cmake --preset "$@" >/dev/null; }
compile() { say "building $*" && cmake --build --preset "$1" --target "${@:2}"; }

# The command alone: a tree that starts here leaves the tests out and does not need their packages.
build() {
  need build
  [ -f build/release/build.ninja ] || configure release -DGUSTO_BUILD_TESTS=OFF
  compile release gusto_command
}

demo() {
  build
  say "gusto demo" && build/release/gusto demo "$@"
}

passed=0 failed=0
count() { passed=$((passed + $1)) failed=$((failed + $2)); }

# check NAME COMMAND...: one check that is not a ctest test; it counts as one.
check() {
  say "$1"
  if "${@:2}"; then count 1 0; else count 0 1 && echo "failed: $1"; fi
}

# verify PRESET TARGET CTEST_OPTION...: builds, runs tests, and adds what ctest counted. No build or no tests: one
# failure.
verify() {
  local log=build/$1/ctest.log bad all
  if ! compile "$1" "$2"; then count 0 1 && return; fi
  say "testing $1 (${*:3})"
  "${fixed_addresses[@]}" ctest --test-dir "build/$1" --output-on-failure --no-tests=error "${@:3}" | tee "$log" || true
  read -r bad all < <(sed -nE 's/.*, ([0-9]+) tests failed out of ([0-9]+)$/\1 \2/p' "$log") || { bad=1 all=1; }
  count $((all - bad)) "$bad"
}

# Every file as it is compiled file by file, by Clang: batches hide a missing include. Looks, and makes no objects.
each_file() {
  need bench fuzz lint
  configure clang && cmake/each_file.py build/clang
}

formatted() { git ls-files -- '*.h' '*.cc' | xargs clang-format-14 --dry-run -Werror; }

tests() {
  need build test
  # Tests that measure against larger data sets look here first; the embedded set is always there.
  export GUSTO_DATA=${GUSTO_DATA:-$(realpath -m ../shared/data)}
  [ -d "$GUSTO_DATA" ] || { echo "No data sets in $GUSTO_DATA: tests use the embedded set only." && unset GUSTO_DATA; }
  fixed_addresses=()

  check "code format" formatted
  configure release -DGUSTO_BUILD_TESTS=ON
  verify release all -L core
  verify release all -LE core
  configure asan-ubsan
  verify asan-ubsan core_tests -L core
  if [ "${1:-}" = whole ]; then
    check "each file alone" each_file
    few_threads
  fi
  total
}

total() {
  printf '\n%d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" = 0 ]
}

# under_tsan TARGET CTEST_OPTION...: as verify, under thread sanitizer.
under_tsan() {
  # It cannot map its shadow memory on kernels that randomize addresses widely.
  fixed_addresses=(setarch -R)
  setarch -R true 2>/dev/null || fixed_addresses=()
  configure tsan
  verify tsan "$@"
}

# The floor of all that runs in parallel: threads, files, kernels. The other floors take longer than a check of every
# change may.
few_threads() { under_tsan gusto_base_test -R '^base[.]'; }

races() {
  need build test
  under_tsan parallel_tests -L parallel
  total
}

bench() {
  need build bench
  configure release -DGUSTO_BUILD_BENCH=ON
  compile release benchmarks
  local program
  for program in build/release/bench/*_bench; do say "$program" && "$program" "$@"; done
}

fuzz() {
  need build fuzz
  configure fuzz
  compile fuzz fuzzers
  local program name
  for program in build/fuzz/fuzz/*_fuzzer; do
    name=$(basename "$program" _fuzzer)
    mkdir -p "build/fuzz/corpus/$name"
    say "$name"
    "$program" -verbosity=0 -print_funcs=0 -print_final_stats=1 -max_total_time="${1:-60}" \
      -artifact_prefix="build/fuzz/$name-" "build/fuzz/corpus/$name" "fuzz/corpus/$name"
  done
}

lint() {
  need build test bench fuzz lint
  check "code format" formatted
  configure clang
  compile clang all
  check "clang-tidy" run-clang-tidy-14 -quiet -p build/clang "^$PWD/(gusto|bench|fuzz|tests)/"
  [ "$failed" = 0 ]
}

# dist [try]: the relocatable archive and the Debian package; with `try` also run in bare roots of Debian 12 and 13.
dist() {
  need dist
  build
  packaging/make_dist.sh build/release "$(sed -nE 's/^project[(]gusto VERSION ([0-9.]+).*/\1/p' CMakeLists.txt)"
  [ "${1:-}" = try ] || return 0
  need try
  as_root packaging/try_dist.sh build/release bookworm trixie
}

install() {
  local prefix=${1:-/usr/local} run=as_root
  build
  compile release gusto
  if mkdir -p "$prefix" 2>/dev/null && [ -w "$prefix" ]; then run=; fi
  say "installing into $prefix" && $run cmake --install build/release --prefix "$prefix"
}

splits() {
  build
  recipes/make_splits.py --gusto build/release/gusto
}

help() {
  cat <<'HELP'
usage: ./do WHAT [ARGUMENT...]

  build             the command, build/release/gusto
  demo              build, then compare every recommender on real ratings and ask the best one for films
  test              every test: release build, sanitizers, code format; the last line is the total. `test whole` also
                    looks at each file alone, and for races in the lowest floor
  races             the tests that run several threads, under thread sanitizer
  bench [OPTION...] build and run the benchmarks (options of Google Benchmark)
  fuzz [SECONDS]    run every fuzzer for so long, 60 seconds each by default
  lint              code format, a warning-free build with Clang, clang-tidy
  splits            the test files that recipes name, into recipes/splits: those given in ../shared, or else drawn
  dist [try]        the command as a relocatable archive and as a Debian package, in build/release/dist; with `try` also
                    run in bare roots of Debian 12 and 13
  install [PREFIX]  headers, library, command and CMake package, to /usr/local by default
  help              this text

Each installs the Debian packages that it needs and that are missing (packages.txt), through sudo when not root.
HELP
}

case ${1:-help} in
  test) tests "${@:2}" ;;
  build | demo | bench | fuzz | lint | dist | install | races | splits | help) "$@" ;;
  -h | --help) help ;;
  *) help >&2 && exit 2 ;;
esac
