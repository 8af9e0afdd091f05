#!/usr/bin/env bash
# Builds a program of the module in the working directory, and says how much there is to compile and
# how far it is:
#
#	build.sh OUTPUT PACKAGE [FLAG...]
set -euo pipefail

output=$1 package=$2 name=${1#../}
flags=(-buildvcs=false "${@:3}")

# progress reads what go says while it works. It prints a line every ten seconds at most, since the
# lines end up in the logs of CI too; whatever is not progress (errors, mostly) is passed on.
progress() {
	local line step due=$((SECONDS + 10)) modules=0 packages=0
	while read -r line; do
		case $line in
		'go: downloading '*) step="$((++modules)) modules downloaded" ;;
		*' '*)
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

# The first list is there to download what is missing; the second, to tell what is not in go's cache.
go list -deps "${flags[@]}" "$package" 2>&1 >/dev/null | progress
total=$(go list -deps -f '{{if .Stale}}{{.ImportPath}}{{end}}' "${flags[@]}" "$package" | wc -l)
if ((total > 20)); then # fewer take a few seconds
	echo "building $name: $total packages to compile"
fi
go build -v "${flags[@]}" -o "$output" "$package" 2>&1 | progress
touch "$output" # go build leaves an unchanged program as old as it is; make would build it again
echo "  built $name in ${SECONDS}s"
