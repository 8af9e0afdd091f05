#!/usr/bin/env bash
# Packs what `make install` lays down, into dist/ or $DIST, and notes all sums in SHA256SUMS there:
#
#	packaging/build.sh deb|rpm|tar VERSION GOARCH
#
# VERSION is what `git describe` says. One commit and one Go give the same package each time.
set -euo pipefail
cd "$(dirname "$0")/.."
umask 022

format=$1 description=$2 GOARCH=$3 dist=${DIST:-dist}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
VERSION=$(packaging/version.sh "$description" "$SOURCE_DATE_EPOCH")
work=bin/package/$GOARCH/$format
STAGE=$work/root
export GOARCH SOURCE_DATE_EPOCH STAGE VERSION

zsh=site-functions
[ "$format" != deb ] || zsh=vendor-completions
rm -rf "$work" # so that everything is built for this package
GOOS=linux make --no-print-directory install VERSION="$description" RELEASE=1 GOARCH="$GOARCH" \
	BINARY="$work/edgeward" DOCS="$work/docs" DESTDIR="$STAGE" \
	PREFIX=/usr SYSCONF=/etc ZSHDIR="/usr/share/zsh/$zsh"

# Debian has its own names for what every package has.
gzip -9n "$STAGE"/usr/share/man/man1/*.1
doc=$STAGE/usr/share/doc/edgeward
if [ "$format" = deb ]; then
	rm "$doc/LICENSE" # base-files has it
	install -m 0644 packaging/deb/copyright "$doc/copyright"
	gzip -9n >"$doc/changelog.gz" <<-EOT
		edgeward ($VERSION) unstable; urgency=medium

		  * See CHANGELOG.md.

		 -- edgeward authors <edgeward@users.noreply.github.com>  $(date -uR -d "@$SOURCE_DATE_EPOCH")
	EOT
fi

mkdir -p "$dist"
if [ "$format" = tar ]; then
	# Files only, without the directories, whose modes on the user's machine are none of ours; and no
	# configuration, which unpacking a later version would overwrite.
	name=edgeward-$VERSION-linux-$GOARCH
	(cd "$STAGE" && find . -type f -printf '%P\n' | LC_ALL=C sort) |
		tar -C "$STAGE" --no-recursion -T - --transform "s|^|$name/|" --mtime="@$SOURCE_DATE_EPOCH" \
			--owner=0 --group=0 --numeric-owner -c | gzip -9n >"$dist/$name.tar.gz"
else
	install -m 0644 config.yaml.example "$STAGE/etc/edgeward/config.yaml"
	find "$STAGE" -exec touch --date="@$SOURCE_DATE_EPOCH" {} +
	bin/nfpm package --config packaging/nfpm.yaml --packager "$format" --target "$dist/"
fi

shopt -s nullglob
cd "$dist"
sha256sum edgeward*.deb edgeward*.rpm edgeward*.tar.gz >SHA256SUMS
