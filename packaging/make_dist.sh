#!/usr/bin/env bash
# usage: make_dist.sh BUILD VERSION
#
# Packs the command that lies in the build tree BUILD, into BUILD/dist:
#   gusto-VERSION-linux-ARCHITECTURE.tar.gz  relocatable: bin/gusto, and its libraries but glibc in lib/gusto,
#                                            where it looks first; needs the glibc of Debian 12 or a later one
#   gusto_VERSION_ARCHITECTURE.deb           for Debian 12: depends on the distribution's packages of those libraries
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=$(realpath "$1") version=$2
dist=$build/dist
architecture=$(dpkg --print-architecture)
name=gusto-$version-linux-$(uname -m)
rm -rf "$dist" && mkdir -p "$dist"

# documents FOLDER: the licenses of gusto itself.
documents() {
  install -D -m 644 LICENSE "$1/LICENSE"
  install -D -m 644 data/movielens-small/NOTICE.md "$1/movielens-small/NOTICE.md"
}

# package_of FILE: the package that a library comes from. dpkg knows the path that it installed, /lib or /usr/lib.
package_of() {
  local real
  real=$(realpath "$1")
  { dpkg-query -S "$real" 2>/dev/null || dpkg-query -S "${real#/usr}"; } | head -n 1 | cut -d : -f 1
}

# What shells and man find of the command, see gusto/cli/CMakeLists.txt.
printed() {
  install -D -m 644 "$build/printed/bash" "$1/bash-completion/completions/gusto"
  install -D -m 644 "$build/printed/zsh" "$1/zsh/site-functions/_gusto"
  install -D -m 644 "$build/printed/fish" "$1/fish/vendor_completions.d/gusto.fish"
  install -D -m 644 "$build/printed/man" "$1/man/man1/gusto.1"
}

archive() {
  local root=$dist/$name library package
  install -D -m 755 --strip "$build/gusto" "$root/bin/gusto"
  documents "$root/share/doc/gusto"
  printed "$root/share"
  mkdir -p "$root/lib/gusto"
  while read -r library; do
    package=$(package_of "$library")
    [ "$package" != libc6 ] || continue
    install -m 644 "$(realpath "$library")" "$root/lib/gusto/$(basename "$library")"
    install -D -m 644 "/usr/share/doc/$package/copyright" "$root/share/doc/gusto/libraries/$package"
  done < <(ldd "$build/gusto" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }')
  tar -C "$dist" --sort=name --owner=0 --group=0 --numeric-owner -czf "$dist/$name.tar.gz" "$name"
  rm -rf "$root"
}

package() {
  local root=$dist/deb work=$dist/shlibdeps depends
  install -D -m 755 --strip "$build/gusto" "$root/usr/bin/gusto"
  documents "$root/usr/share/doc/gusto"
  printed "$root/usr/share"
  mv "$root/usr/share/doc/gusto/LICENSE" "$root/usr/share/doc/gusto/copyright"
  mkdir -p "$work/debian" "$root/DEBIAN"
  printf 'Source: gusto\n\nPackage: gusto\nArchitecture: any\n' >"$work/debian/control"
  depends=$(cd "$work" && dpkg-shlibdeps -O -e "$root/usr/bin/gusto" 2>/dev/null)
  cat >"$root/DEBIAN/control" <<CONTROL
Package: gusto
Version: $version
Architecture: $architecture
Maintainer: The gusto authors <gusto@localhost>
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f 1)
Depends: ${depends#shlibs:Depends=}
Recommends: ca-certificates
Section: science
Priority: optional
Description: recommender engine
 Reads ratings or clicks, trains recommenders side by side under one protocol,
 says which is best and how sure that is, and answers for known and new users.
CONTROL
  dpkg-deb --build --root-owner-group "$root" "$dist/gusto_${version}_$architecture.deb" >/dev/null
  rm -rf "$root" "$work"
}

archive
package
ls -sh "$dist"
