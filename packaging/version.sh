#!/bin/sh
# Turns what `git describe` says into a version that Debian and RPM sort as meant:
#
#	packaging/version.sh DESCRIPTION SECONDS
#
#	v1.2.3              1.2.3
#	v1.3.0-rc1          1.3.0~rc1                            before 1.3.0
#	v1.2.3-5-gabc1234   1.2.3+5.gabc1234                     after 1.2.3, before 1.2.4
#	abc1234             0.0.0~git20260701.093000.abc1234     no tag yet; by the commit's time
#
# and -dirty at the end becomes .dirty or +0.dirty. SECONDS is the commit's time since 1970.
set -eu

description=$1 seconds=$2
clean=${description%-dirty}
case $clean in
v[0-9]*.*.* | [0-9]*.*.*)
	version=$(printf '%s' "${clean#v}" | sed -E 's/-([0-9]+)-(g[0-9a-f]+)$/+\1.\2/; s/-/~/; s/-/./g')
	;;
*)
	version=0.0.0~git$(date -u -d "@$seconds" +%Y%m%d.%H%M%S).$clean
	;;
esac
if [ "$clean" != "$description" ]; then
	case $version in
	*+* | *~git*) version=$version.dirty ;;
	*) version=$version+0.dirty ;;
	esac
fi
case $version in
*[!0-9A-Za-z.+~]*)
	echo "version.sh: $description: only letters, digits, dots, hyphens and plus can be in a version" >&2
	exit 1
	;;
esac
echo "$version"
