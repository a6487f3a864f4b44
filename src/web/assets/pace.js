// Draws what has changed: at once after a quiet time, then so seldom that drawing takes no more than a tenth of one
// processor. The run that is watched needs the processors more. A hidden page gets no frames and draws nothing.

const SHARE = 10;

/** What asks for a drawing, which waits for at most `longest` milliseconds; asking again meanwhile changes nothing. */
export function paced(draw, longest = 1000) {
  let asked = false, free = 0;
  const frame = () => requestAnimationFrame(() => {
    const began = performance.now();
    asked = false;
    draw();
    // Behind the frame: layout and paint are part of what it costs.
    setTimeout(() => {
      const now = performance.now();
      free = now + Math.min(longest, (now - began) * SHARE);
    });
  });
  return () => {
    if (asked) return;
    asked = true;
    const wait = free - performance.now();
    if (wait > 0) setTimeout(frame, wait);
    else frame();
  };
}
