#!/bin/sh
# Builds a release: binaries for each platform, a Debian package, checksums, and
# a bill of materials. Usage: sh deploy/release.sh VERSION [FOLDER]
#
# The same commit and Go version give the same files, byte for byte, on any
# machine: no paths, times or build numbers go in. Verify a release by building
# it again and comparing SHA256SUMS.
set -eu
[ $# -ge 1 ] || { echo "usage: $0 VERSION [FOLDER]" >&2; exit 2; }
version=$1 out=${2:-dist}
cd "$(dirname "$0")/.."
mkdir -p "$out"
out=$(cd "$out" && pwd)
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct 2>/dev/null || echo 0)}"
export SOURCE_DATE_EPOCH CGO_ENABLED=0 GOFLAGS=-mod=readonly GOTOOLCHAIN=local
for target in ${TARGETS:-linux/amd64 linux/arm64 darwin/arm64 windows/amd64}; do
	os=${target%/*} arch=${target#*/} suffix=
	[ "$os" = windows ] && suffix=.exe
	GOOS=$os GOARCH=$arch go build -trimpath -buildvcs=false \
		-ldflags "-s -w -buildid= -X main.stamp=$version" \
		-o "$out/sekimori-$os-$arch$suffix" ./cmd/sekimori
	if [ "$os" = linux ] && command -v dpkg-deb >/dev/null; then
		DEB_ARCH=$arch sh deploy/debian/build.sh "$out/sekimori-linux-$arch" "$version" "$out"
	fi
done
# What is in it, from what the linker wrote into the binary.
for target in ${TARGETS:-linux/amd64 linux/arm64 darwin/arm64 windows/amd64}; do
	os=${target%/*} arch=${target#*/} suffix=
	[ "$os" = windows ] && suffix=.exe
	go run ./deploy/sbom "$out/sekimori-$os-$arch$suffix" > "$out/sekimori-$os-$arch.cdx.json"
done
cd "$out"
sha256sum sekimori*[!S] | LC_ALL=C sort -k2 > SHA256SUMS
cat SHA256SUMS
