#!/bin/sh
# Builds a Debian package of a release binary. Needs dpkg-deb alone.
# Usage: sh deploy/debian/build.sh BINARY VERSION [FOLDER]
# The same input gives the same package, byte for byte, if SOURCE_DATE_EPOCH is
# the same.
set -eu
umask 022
[ $# -ge 2 ] || { echo "usage: $0 BINARY VERSION [FOLDER]" >&2; exit 2; }
binary=$1 version=${2#v} out=${3:-.}
here=$(cd "$(dirname "$0")" && pwd)
arch=${DEB_ARCH:-$(dpkg --print-architecture)}
: "${SOURCE_DATE_EPOCH:=0}"
export SOURCE_DATE_EPOCH
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"

install -D -m 755 "$binary" "$root/usr/bin/sekimori"
install -D -m 644 "$here/../systemd/sekimori.service" "$root/usr/lib/systemd/system/sekimori.service"
install -D -m 644 "$here/../systemd/sekimori.socket" "$root/usr/lib/systemd/system/sekimori.socket"
install -D -m 640 "$here/../systemd/sekimori.toml" "$root/etc/sekimori/sekimori.toml"
install -D -m 644 "$here/../../LICENSE" "$root/usr/share/doc/sekimori/copyright"
install -d -m 755 "$root/usr/lib/sysusers.d"
echo 'u sekimori - "Sekimori proxy" /var/lib/sekimori' > "$root/usr/lib/sysusers.d/sekimori.conf"

install -d -m 755 "$root/DEBIAN"
size=$(du -sk --apparent-size --exclude=DEBIAN "$root" | cut -f1)
sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$arch/" -e "s/@SIZE@/$size/" "$here/control" > "$root/DEBIAN/control"
echo /etc/sekimori/sekimori.toml > "$root/DEBIAN/conffiles"
for s in postinst prerm postrm; do install -m 755 "$here/$s" "$root/DEBIAN/$s"; done
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zxz --build "$root" "$out/sekimori_${version}_$arch.deb"
