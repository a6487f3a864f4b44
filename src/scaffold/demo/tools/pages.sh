#!/bin/sh
# build/clean/* -> site/NAME.html, a page for each text
set -eu
export LC_ALL=C
mkdir -p site
cp style/site.css site/site.css
for text in build/clean/*.paragraphs; do
    name=$(basename "$text" .paragraphs)
    title=$(cat "build/clean/$name.title")
    {
        printf '<article class="text">\n<h1>%s</h1>\n' "$(printf '%s\n' "$title" | sh tools/html.sh)"
        sh tools/html.sh < "$text" | sed -e 's/^/<p>/' -e 's/$/<\/p>/'
        echo '</article>'
    } | sh tools/page.sh "$title" > "site/$name.html"
    echo "site/$name.html: $(grep -c '^<p>' "site/$name.html") paragraphs"
done
