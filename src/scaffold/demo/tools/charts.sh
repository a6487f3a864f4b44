#!/bin/sh
# build/counts, build/clean -> build/pictures/words.svg and rhythm-NAME.svg
set -eu
export LC_ALL=C
out=build/pictures
mkdir -p "$out"

# The ten most used words, each bar cut by text.
head -n 10 build/counts/all.tsv | cut -f 2 > "$out/words.txt"
awk -F '\t' '
    FILENAME == ARGV[1] { order[++words] = $1; next }
    FNR == 1 { name = FILENAME; sub(/.*\//, "", name); sub(/\.tsv$/, "", name); text[++texts] = name }
    { n[name, $2] = $1 }
    END {
        for (i = 1; i <= words; i++) { sum = 0; for (t = 1; t <= texts; t++) sum += n[text[t], order[i]]; if (sum > top) top = sum }
        height = words * 30 + 56
        printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 640 %d\" role=\"img\" aria-label=\"The most used words\">\n", height
        print "<style>text{font:15px system-ui,sans-serif;fill:#3d342e}.n{fill:#85776c;font-size:13px}.t1{fill:#c47a35}.t2{fill:#7a6a8f}.t3{fill:#2f7f90}"
        print "@media(prefers-color-scheme:dark){text{fill:#ece3d8}.n{fill:#a99c90}.t1{fill:#d99a5b}.t2{fill:#a596bd}.t3{fill:#5fb0bf}}</style>"
        for (i = 1; i <= words; i++) {
            y = (i - 1) * 30; x = 100; sum = 0
            printf "<text x=\"90\" y=\"%d\" text-anchor=\"end\">%s</text>\n", y + 20, order[i]
            for (t = 1; t <= texts; t++) {
                c = n[text[t], order[i]] + 0; sum += c
                if (!c) continue
                w = c * 480 / top
                printf "<rect class=\"t%d\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"20\" rx=\"3\"><title>%s in %s: %d</title></rect>\n", t, x, y + 5, w - 2, order[i], text[t], c
                x += w
            }
            printf "<text class=\"n\" x=\"%.1f\" y=\"%d\">%d</text>\n", x + 6, y + 20, sum
        }
        x = 100
        for (t = 1; t <= texts; t++) {
            printf "<rect class=\"t%d\" x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" rx=\"3\"/><text class=\"n\" x=\"%d\" y=\"%d\">%s</text>\n", t, x, height - 34, x + 18, height - 23, text[t]
            x += 110
        }
        print "</svg>"
    }' "$out/words.txt" build/counts/bread.tsv build/counts/bridges.tsv build/counts/tides.tsv > "$out/words.svg"
echo "words.svg: $(grep -c . "$out/words.txt") words"

# The rhythm of a text: a bar per sentence, as high as the sentence has words.
for sentences in build/clean/*.sentences; do
    name=$(basename "$sentences" .sentences)
    awk '
        { n[NR] = NF; if (NF > top) top = NF }
        END {
            printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d 64\" role=\"img\" aria-label=\"Words in each sentence\">\n", NR * 14
            print "<style>rect{fill:#2f7f90}@media(prefers-color-scheme:dark){rect{fill:#5fb0bf}}</style>"
            for (i = 1; i <= NR; i++) { h = n[i] * 60 / top; printf "<rect x=\"%d\" y=\"%.1f\" width=\"10\" height=\"%.1f\" rx=\"2\"><title>%d words</title></rect>\n", (i - 1) * 14 + 2, 62 - h, h, n[i] }
            print "</svg>"
        }' "$sentences" > "$out/rhythm-$name.svg"
    echo "rhythm-$name.svg: $(grep -c . "$sentences") sentences"
done
