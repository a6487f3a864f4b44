#!/bin/sh
# texts/NAME.txt -> build/clean/NAME.{title,paragraphs,sentences,words}
# The first line of a text is its title; an empty line ends a paragraph.
set -eu
export LC_ALL=C
out=build/clean
mkdir -p "$out"
for text in texts/*.txt; do
    name=$(basename "$text" .txt)
    head -n 1 "$text" > "$out/$name.title"
    # One paragraph a line.
    tail -n +2 "$text" | tr -d '\r' |
        awk 'BEGIN { RS = "" } { gsub(/[ \t\n]+/, " "); print }' > "$out/$name.paragraphs"
    # One sentence a line: it ends with a full stop, a question or an exclamation mark.
    awk '{ gsub(/[.?!] /, "&\n"); print }' "$out/$name.paragraphs" |
        sed 's/ *$//' > "$out/$name.sentences"
    # One word a line, in lower case.
    tr 'A-Z' 'a-z' < "$out/$name.paragraphs" | tr -cs "a-z'" '\n' |
        sed -e "s/^'*//" -e "s/'*\$//" | grep . > "$out/$name.words"
    echo "$name: $(grep -c . "$out/$name.words") words"
done
