#!/usr/bin/env bash
# Compiles into go's cache what a go build, or with -test a go test, of the same packages with the same
# flags needs, and says how much there is and how far it is:
#
#	compile.sh [-test] [FLAG...] PACKAGE...
set -euo pipefail

# progress reads the names of modules and packages that go works on. It prints a line every ten
# seconds at most, since the lines end up in the logs of CI too. Whatever is no progress (errors,
# mostly) is passed on.
progress() {
	local line step due=$((SECONDS + 10)) modules=0 packages=0
	while read -r line; do
		case $line in
		'go: downloading '*) step="$((++modules)) modules downloaded" ;;
		*' '*[!]]) # a package of tests has a name like "p [p.test]"
			echo "$line" >&2
			continue
			;;
		*) step="$((++packages)) of $total packages compiled" ;;
		esac
		if ((SECONDS >= due)); then
			echo "  $step, ${SECONDS}s"
			due=$((SECONDS + 10))
		fi
	done
}

total=0
go list -deps "$@" 2>&1 >/dev/null | progress # downloads what is missing
total=$(go list -deps -f '{{if .Stale}}{{.ImportPath}}{{end}}' "$@" | wc -l)
if ((total > 20)); then # fewer take a few seconds
	echo "compiling ${*: -1}: $total packages"
	go list -deps -export -v "$@" 2>&1 >/dev/null | progress
fi
