#!/bin/sh
# Makes a project of COUNT task files with three prerequisites each, for measuring how runr reads.
# Usage: tests/bench/gen_tasks.sh DIR COUNT
set -eu
dir=$1
count=$2
mkdir -p "$dir/.runr/tasks"
awk -v dir="$dir/.runr/tasks" -v count="$count" 'BEGIN {
    for (i = 0; i < count; i++) {
        file = sprintf("%s/%06d-task.md", dir, i)
        needs = ""
        for (k = 1; k <= 3 && i - k * k >= 0; k++)
            needs = needs (needs == "" ? "" : ", ") sprintf("%06d-task.md", i - k * k)
        printf "---\ndepends_on: [%s]\nrun: make target-%d\npriority: %d\nowns: [src/part-%d/**]\ntimeout: 10m\ntags: [part-%d]\n---\n# Task number %d\n\nBring part %d up to date, and say in the log what was changed and why.\n", needs, i, i % 7, i % 100, i % 10, i, i > file
        close(file)
    }
}'
