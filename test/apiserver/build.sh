#!/usr/bin/env bash
# Builds a program that go.mod names as a tool, and says how far it is:
#
#	test/apiserver/build.sh bin/kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver
set -euo pipefail

cd "$(dirname "$0")"
output=../../$1 package=$2

# A Kubernetes program built without these calls itself v0.0.0, and clients act on the
# version that a server reports. Other programs have no such variables: no harm done.
kubernetes=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
IFS=. read -r major minor _ <<<"${kubernetes#v}"
version=k8s.io/component-base/version
ldflags="-s -w -X $version.gitVersion=$kubernetes -X $version.gitMajor=$major -X $version.gitMinor=$minor"

# go build -v prints a line for each package it compiles. Few lines, since they end up in
# the logs of CI too; whatever is not progress (errors, mostly) is passed on.
progress() {
	local line compiled=0 downloading=
	while read -r line; do
		case $line in
		'go: downloading '*)
			[ -n "$downloading" ] || echo '  downloading modules'
			downloading=1
			;;
		*' '*) echo "$line" ;;
		*)
			compiled=$((compiled + 1))
			if ((compiled % 100 == 0)); then
				echo "  $compiled packages compiled, ${SECONDS}s"
			fi
			;;
		esac
	done
}

go build -v -trimpath -ldflags "$ldflags" -o "$output" "$package" 2>&1 | progress
touch "$output" # go build leaves an unchanged program as old as it is; make would build it again
echo "  built $1 in ${SECONDS}s"
