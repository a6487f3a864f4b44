#!/bin/sh
# front.sh draft|final: writes the front page.
# The draft has a working title. The final page has the title that stands first in title.txt, and the approved summary.
set -eu
export LC_ALL=C
mkdir -p site
cp build/pictures/cover.svg site/
case $1 in
    draft) title='Three texts' ;;
    final) title=$(head -n 1 title.txt) ;;
    *) echo "front.sh: draft or final?" >&2; exit 2 ;;
esac
{
    echo '<img class="cover" src="cover.svg" alt="A loaf rises behind a bridge over the tide">'
    printf '<h1>%s</h1>\n' "$(printf '%s\n' "$title" | sh tools/html.sh)"
    if [ "$1" = final ]; then
        echo '<blockquote class="summary">'
        sh tools/html.sh < build/summary.txt | sed -e 's/^/<p>/' -e 's/$/<\/p>/'
        echo '</blockquote>'
    else
        echo '<p class="lead">A draft: its title and its summary are still a matter for people.</p>'
    fi
    echo '<ul class="cards">'
    while IFS="$(printf '\t')" read -r name text words _; do
        first=$(head -n 1 "build/clean/$name.sentences" | sh tools/html.sh)
        printf '<li><a href="%s.html"><strong>%s</strong>%s<br><small>%s words</small></a></li>\n' "$name" "$text" "$first" "$words"
    done < build/counts/stats.tsv
    echo '</ul>'
    echo '<p>Or look at the three of them <a href="report.html">word by word</a>.</p>'
} | sh tools/page.sh "$title" > site/index.html
echo "site/index.html: $title"
