#!/bin/sh
# build/counts, build/concordance, build/pictures -> site/report.html and its pictures
set -eu
export LC_ALL=C
mkdir -p site
cp style/site.css build/pictures/words.svg build/pictures/rhythm-*.svg site/
{
    echo '<h1>Word by word</h1>'
    echo '<p class="lead">What is left of three texts when one only counts.</p>'
    echo '<h2>The texts</h2><div class="wide"><table>'
    echo '<tr><th>Text</th><th class="number">Words</th><th class="number">Different</th><th class="number">Sentences</th><th>Longest word</th><th>Rhythm</th></tr>'
    awk -F '\t' '{
        printf "<tr><td><a href=\"%s.html\">%s</a></td><td class=\"number\">%d</td><td class=\"number\">%d</td><td class=\"number\">%d</td><td>%s</td>", $1, $2, $3, $4, $5, $6
        printf "<td class=\"rhythm\"><img src=\"rhythm-%s.svg\" alt=\"Words in each sentence\"></td></tr>\n", $1 }' build/counts/stats.tsv
    echo '</table></div>'
    echo '<h2>The words</h2><p>The most used ones; the little words are left out.</p>'
    echo '<img class="chart" src="words.svg" alt="A bar chart of the most used words, cut by text">'
    echo '<h2>In their places</h2><div class="wide"><table>'
    sh tools/html.sh < build/concordance/kwic.tsv | awk -F '\t' '{
        printf "<tr><td class=\"left\">%s</td><td><strong>%s</strong></td><td class=\"right\">%s</td><td><a href=\"%s.html\">%s</a></td></tr>\n", $3, $4, $5, $2, $2 }'
    echo '</table></div>'
} | sh tools/page.sh 'Word by word' > site/report.html
echo "site/report.html: $(grep -c '<tr>' site/report.html) rows"
