#!/bin/sh
# check-links.sh DIR: every page and picture that a page of DIR names must be there.
set -eu
cd "$1"
broken=0
for page in *.html; do
    for link in $(grep -oE '(href|src)="[^"#]+' "$page" | cut -d '"' -f 2 | sort -u); do
        case $link in http://* | https://* | mailto:*) continue ;; esac
        if [ ! -f "$link" ]; then
            echo "$page: no such file: $link"
            broken=$((broken + 1))
        fi
    done
done
if [ "$broken" -gt 0 ]; then
    echo "$broken broken links"
    exit 1
fi
echo "$(ls ./*.html | grep -c .) pages, no broken link"
