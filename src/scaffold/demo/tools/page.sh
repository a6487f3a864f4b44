#!/bin/sh
# page.sh TITLE < BODY > PAGE: puts the frame of the site around the body of a page.
set -eu
title=$(printf '%s\n' "$1" | sh tools/html.sh)
cat <<END
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<link rel="stylesheet" href="site.css">
</head>
<body>
<nav><a href="index.html">Front page</a><a href="bread.html">Bread</a><a href="bridges.html">Bridges</a><a href="tides.html">Tides</a><a href="report.html">Report</a></nav>
<main>
END
cat
cat <<'END'
</main>
<footer>Built by the tasks in <code>.runr/tasks</code> with sh, awk and sed. <a href="colophon.html">How</a></footer>
</body>
</html>
END
