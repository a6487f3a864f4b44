#!/bin/sh
# build/clean/* -> build/counts/NAME.tsv (count, word), all.tsv without the little words, stats.tsv
set -eu
export LC_ALL=C
in=build/clean
out=build/counts
tab=$(printf '\t')
mkdir -p "$out"
# A count per word, the most frequent first, words of one count by name.
tally() { sort | uniq -c | awk '{ print $1 "\t" $2 }' | sort -t "$tab" -k1,1nr -k2,2; }
: > "$out/stats.tsv"
for words in "$in"/*.words; do
    name=$(basename "$words" .words)
    tally < "$words" > "$out/$name.tsv"
    total=$(grep -c . "$words")
    distinct=$(grep -c . "$out/$name.tsv")
    sentences=$(grep -c . "$in/$name.sentences")
    longest=$(awk 'length($0) > length(w) { w = $0 } END { print w }' "$words")
    printf '%s\t%s\t%s\t%s\t%s\t%s\n' \
        "$name" "$(cat "$in/$name.title")" "$total" "$distinct" "$sentences" "$longest" >> "$out/stats.tsv"
    echo "$name: $total words, $distinct of them different"
done
cat "$in"/*.words | grep -vxF -f tools/stopwords.txt | tally > "$out/all.tsv"
echo "the most used word: $(head -n 1 "$out/all.tsv" | cut -f 2)"
