#!/bin/sh
# Compares `runr check` with only reading the same files (`cat` of all, warm cache), in pairs; prints the medians
# in milliseconds and the peak memory of runr.
# Usage: tests/bench/read.sh RUNR DIR [ROUNDS]
set -eu
runr=$1
dir=$2
rounds=${3:-11}
now() { date +%s%N; }
list=$(mktemp)
times=$(mktemp)
trap 'rm -f "$list" "$times"' EXIT
find "$dir/.runr/tasks" -name '*.md' | sort > "$list"
round=0
while [ "$round" -lt "$rounds" ]; do
    a=$(now); xargs -a "$list" cat > /dev/null; b=$(now)
    "$runr" -C "$dir" check > /dev/null; c=$(now)
    echo "$(((b - a) / 1000)) $(((c - b) / 1000))" >> "$times"
    round=$((round + 1))
done
median() { cut -d' ' -f"$1" "$times" | sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)] / 1000}'; }
cat_ms=$(median 1)
runr_ms=$(median 2)
echo "cat ${cat_ms} ms, check ${runr_ms} ms, ratio $(awk "BEGIN {printf \"%.2f\", $runr_ms / $cat_ms}")"
