#!/bin/sh
# Makes plain text safe inside HTML, and its quotes and dashes pretty. Reads stdin, writes stdout.
sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g' -e 's/>/\&gt;/g' \
    -e 's/"\([^"]*\)"/\&ldquo;\1\&rdquo;/g' -e 's/"/\&quot;/g' -e "s/'/\&rsquo;/g" -e 's/--/\&mdash;/g'
