#!/usr/bin/env bash
# usage: try_dist.sh BUILD RELEASE...
#
# Runs the archive of BUILD/dist in a bare root of each release of Debian (bookworm, trixie), and installs the .deb into
# that of Debian 12, for which it is made. Roots are kept in BUILD/roots. Needs to be root, and the mirror of Debian.
set -euo pipefail
build=$(realpath "$1")
mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' | head -n 1)}
archives=("$build"/dist/gusto-*.tar.gz) packages=("$build"/dist/gusto_*.deb)

# try ROOT COMMAND...: a short job on the embedded data, with nothing but what the root has.
try() {
  local root=$1
  shift
  chroot "$root" "$@" --help >/dev/null
  chroot "$root" "$@" --version
  chroot "$root" "$@" train --model bias --out /tmp/bias.gusto
  chroot "$root" "$@" recommend /tmp/bias.gusto --user 42 -n 3
}

# The loader asks /proc where the command lies.
trap 'umount "$build"/roots/*/proc 2>/dev/null || true' EXIT

for release in "${@:2}"; do
  root=$build/roots/$release
  [ -d "$root/usr/bin" ] || debootstrap --variant=minbase "$release" "$root" "$mirror"
  mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
  printf '\n== the archive on a bare %s\n' "$release"
  rm -rf "$root/opt/gusto" && mkdir -p "$root/opt/gusto"
  tar -C "$root/opt/gusto" --strip-components=1 -xzf "${archives[0]}"
  try "$root" /opt/gusto/bin/gusto
  [ "$release" = bookworm ] || continue
  printf '\n== the .deb on a bare %s\n' "$release"
  cp "${packages[0]}" "$root/tmp/gusto.deb"
  chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
    install /tmp/gusto.deb >/dev/null
  try "$root" gusto
done
