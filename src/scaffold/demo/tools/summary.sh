#!/bin/sh
# build/clean/*.sentences -> build/summary.txt: from each text the sentence that says most with its most used words.
# Only a draft: a machine that counts words is no reader. That is why a person approves it.
set -eu
export LC_ALL=C
: > build/summary.txt
for sentences in build/clean/*.sentences; do
    name=$(basename "$sentences" .sentences)
    awk -F '\t' -v counts="build/counts/$name.tsv" -v little=tools/stopwords.txt '
        BEGIN {
            while ((getline word < little) > 0) stop[word] = 1
            while ((getline < counts) > 0) weight[$2] = $1
        }
        {
            n = split(tolower($0), words, /[^a-z]+/)
            if (n < 8 || n > 26) next
            score = 0
            for (i = 1; i <= n; i++) if (words[i] != "" && !(words[i] in stop)) score += weight[words[i]]
            if (score / n > best) { best = score / n; pick = $0 }
        }
        END { print pick }' "$sentences" >> build/summary.txt
    echo "$name: $(tail -n 1 build/summary.txt)"
done
