#!/bin/sh
# build/clean/*.paragraphs -> build/concordance/kwic.tsv: the most used words, each time with its neighbours
set -eu
export LC_ALL=C
out=build/concordance
mkdir -p "$out"
: > "$out/kwic.tsv"
for word in $(head -n 5 build/counts/all.tsv | cut -f 2); do
    for text in build/clean/*.paragraphs; do
        name=$(basename "$text" .paragraphs)
        awk -v word="$word" -v name="$name" '
            { for (i = 1; i <= NF; i++) {
                  bare = tolower($i); gsub(/[^a-z]/, "", bare)
                  if (bare != word) continue
                  left = right = ""
                  for (j = i - 5; j < i; j++) if (j > 0) left = left (left == "" ? "" : " ") $j
                  for (j = i + 1; j <= i + 5 && j <= NF; j++) right = right (right == "" ? "" : " ") $j
                  print word "\t" name "\t" left "\t" $i "\t" right
              } }' "$text" >> "$out/kwic.tsv"
    done
    echo "$word: $(cut -f 1 "$out/kwic.tsv" | grep -cx "$word") places"
done
