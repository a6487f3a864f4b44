#!/bin/sh
# Writes site/colophon.html: how the site was made.
set -eu
{
    echo '<h1>Colophon</h1>'
    echo '<p class="lead">Eleven tasks in three tracks made these pages.</p>'
    echo '<table><tr><th>Task</th><th>What it does</th></tr>'
    for task in .runr/tasks/text/*.md .runr/tasks/pictures/*.md .runr/tasks/site/*.md; do
        printf '<tr><td><code>%s</code></td><td>%s</td></tr>\n' "${task#.runr/tasks/}" \
            "$(sed -n 's/^# //p' "$task" | head -n 1 | sh tools/html.sh)"
    done
    echo '</table>'
} | sh tools/page.sh Colophon > site/colophon.html
echo "site/colophon.html: $(grep -c '<code>.*\.md' site/colophon.html) tasks"
