#!/usr/bin/env bash
# Tries the .deb and its unit under a real systemd, in a container that is thrown away:
#
#	sudo env "PATH=$PATH" make test-systemd
#
# It needs root, Debian or Ubuntu, and a way to make and boot a Debian root:
#
#	apt-get install debootstrap systemd-container
#
# That root is made once, in a minute, with the mirror and the release of this machine's apt sources,
# in bin/systemd/root or $ROOT. Nothing is written to it afterwards. The container shares the network
# with this machine, where a Kubernetes API server and emulated providers run on loopback.
set -euo pipefail
cd "$(dirname "$0")/../.."

root=${ROOT:-bin/systemd/root} packages=bin/systemd/packages

if [ "$(id -u)" != 0 ]; then
	echo 'test-systemd: only root can boot a container' >&2
	exit 1
fi
for command in debootstrap systemd-nspawn nsenter dpkg-deb; do
	if ! command -v "$command" >/dev/null; then
		echo "test-systemd: $command is missing: apt-get install debootstrap systemd-container" >&2
		exit 1
	fi
done

mkdir -p bin/systemd
if [ ! -d "$root" ]; then
	release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	# shellcheck disable=SC2016 # apt fills the field in
	read -r mirror < <(apt-get indextargets --format '$(REPO_URI)' \
		'Created-By: Packages' 'Component: main' "Codename: $release")
	echo "making a Debian root ($release) in $root, once"
	rm -rf "$root.new"
	debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,ca-certificates \
		"$release" "$root.new" "$mirror" >"$root.log" 2>&1 || { tail "$root.log" >&2; exit 1; }
	mv "$root.new" "$root"
fi

echo 'building two versions of the package'
rm -rf "$packages"
for version in v0.1.0 v0.2.0; do
	DIST=$packages make --no-print-directory deb VERSION="$version" >bin/systemd/build.log 2>&1 ||
		{ tail bin/systemd/build.log >&2; exit 1; }
done
old=$(echo "$packages"/edgeward_0.1.0_*.deb) new=$(echo "$packages"/edgeward_0.2.0_*.deb)

# The later version comes with another configuration, so that dpkg has to decide between the two.
unpacked=bin/systemd/unpacked
rm -rf "$unpacked"
dpkg-deb --raw-extract "$new" "$unpacked"
echo '# The later version says more here.' >>"$unpacked/etc/edgeward/config.yaml"
dpkg-deb --root-owner-group -Zgzip -z1 --build "$unpacked" "$new" >/dev/null
rm -rf "$unpacked"

(cd test && go build -o ../bin/systemd/trial ./systemd)
exec bin/systemd/trial -root "$root" -packages "$packages" -old "${old##*/}" -new "${new##*/}"
