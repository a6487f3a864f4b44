#!/bin/sh
# Draws build/pictures/cover.svg: a loaf that rises like the sun, a bridge, and the tide.
set -eu
export LC_ALL=C
mkdir -p build/pictures
awk '
    # One layer of water: a sine wave closed along the bottom of the picture.
    function wave(class, top, height, length_, shift,   x) {
        printf "<path class=\"%s\" d=\"M0 320", class
        for (x = 0; x <= 960; x += 12) printf " L%d %.1f", x, top + height * sin((x + shift) / length_ * 6.28318)
        print " L960 320 Z\"/>"
    }
    BEGIN {
        print "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 960 320\" role=\"img\" aria-label=\"A loaf rises behind a bridge over the tide\">"
        print "<defs><linearGradient id=\"sky\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"1\">"
        print "<stop offset=\"0\" stop-color=\"#f6d9b8\"/><stop offset=\"1\" stop-color=\"#fbf1e2\"/></linearGradient>"
        print "<linearGradient id=\"crust\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"1\">"
        print "<stop offset=\"0\" stop-color=\"#d98a3d\"/><stop offset=\"1\" stop-color=\"#b4621f\"/></linearGradient></defs>"
        print "<style>.far{fill:#9cc3c9}.mid{fill:#5f9aa6}.near{fill:#2f6f80}.stone{fill:none;stroke:#5b4a42}.score{fill:none;stroke:#f6d9b8;stroke-width:5;stroke-linecap:round}.ray{stroke:#eab676;stroke-width:3;stroke-linecap:round}</style>"
        print "<rect width=\"960\" height=\"320\" fill=\"url(#sky)\"/>"
        # The rays.
        for (i = 1; i < 18; i++) {
            a = 3.14159 * i / 18
            printf "<path class=\"ray\" d=\"M%.1f %.1f L%.1f %.1f\"/>\n", 480 + 172 * cos(a), 214 - 160 * sin(a), 480 + (188 + 16 * (i % 2)) * cos(a), 214 - (174 + 16 * (i % 2)) * sin(a)
        }
        # The loaf and the cuts in its crust.
        print "<ellipse cx=\"480\" cy=\"214\" rx=\"150\" ry=\"140\" fill=\"url(#crust)\"/>"
        for (i = -1; i <= 1; i++)
            printf "<path class=\"score\" d=\"M%d %d q10 -22 34 -28\"/>\n", 462 + i * 46, 130 + i * i * 9
        wave("far", 232, 5, 240, 30)
        # The bridge: a road, three arches, and the posts of its rail.
        print "<path class=\"stone\" stroke-width=\"12\" d=\"M0 196 Q480 136 960 196\"/>"
        print "<path class=\"stone\" stroke-width=\"3\" d=\"M0 176 Q480 116 960 176\"/>"
        for (x = 20; x < 960; x += 40) {
            t = x / 960; y = 196 * (1 - t) * (1 - t) + 2 * 136 * t * (1 - t) + 196 * t * t
            printf "<path class=\"stone\" stroke-width=\"2.5\" d=\"M%d %.1f V%.1f\"/>\n", x, y, y - 20
        }
        for (i = 0; i < 3; i++)
            printf "<path class=\"stone\" stroke-width=\"9\" d=\"M%d 300 C%d %d %d %d %d 300\"/>\n", 60 + i * 290, 90 + i * 290, i == 1 ? 128 : 152, 290 + i * 290, i == 1 ? 128 : 152, 320 + i * 290
        wave("mid", 262, 7, 180, 0)
        wave("near", 288, 8, 300, 120)
        print "</svg>"
    }' > build/pictures/cover.svg
echo "cover.svg: $(grep -c '<path' build/pictures/cover.svg) strokes"
