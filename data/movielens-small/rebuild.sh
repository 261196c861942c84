#!/bin/sh
# Rebuilds ratings.csv and movies.csv beside this script from Debian 12's package r-cran-dslabs, and checks the result.
# Needs Rscript (r-base-core), apt-get and dpkg-deb. Run it anywhere: nothing is installed, only fetched and unpacked.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "rebuild.sh: $*" >&2; exit 1; }
expect() { [ "$2" = "$3" ] || fail "$1: expected $3, found $2"; }

command -v Rscript >/dev/null || fail "Rscript is missing; install r-base-core"
(cd "$work" && apt-get -q download r-cran-dslabs=0.7.4-1 && dpkg-deb -x r-cran-dslabs_*.deb package)
LC_ALL=C.UTF-8 Rscript --vanilla "$here/export.R" "$work/package/usr/lib/R/site-library/dslabs" "$work" >/dev/null

cd "$work"
column() { tail -n +2 ratings.csv | cut -d, -f"$1" | sort -u | wc -l; }
expect ratings "$(tail -n +2 ratings.csv | wc -l)" 100004
expect users "$(column 1)" 671
expect "films rated" "$(column 2)" 9066
expect "films listed" "$(tail -n +2 movies.csv | wc -l)" 9066
sha256sum --check --quiet <<SUMS
b4239649fbf90ebf405c56c3ae1d929d9e7c86fc1a3a80cbef1c884df593ef73  ratings.csv
57bb0e6aa5956fe2212782a9644b9b51a38fd2f9545da9330734f4de8b2b53cf  movies.csv
SUMS

cp ratings.csv movies.csv "$here"
echo "100,004 ratings of 671 users and 9,066 films: counts and hashes as expected."
