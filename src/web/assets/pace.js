// Draws what has changed, with at most a tenth of one processor: the run that is watched needs the processors more.
// A quiet time saves up for a few drawings, so what happens after it is shown at once, also behind a large drawing.
// A hidden page gets no frames and draws nothing.

const SHARE = 10;
/** Milliseconds of drawing that a quiet time saves up. */
const SAVED = 120;

/** What asks for a drawing, which waits for at most `longest` milliseconds; asking again meanwhile changes nothing. */
export function paced(draw, longest = 1000) {
  // When all that was drawn is paid for.
  let asked = false, paid = 0;
  const frame = () => requestAnimationFrame(() => {
    const began = performance.now();
    asked = false;
    draw();
    // Behind the frame: layout and paint are part of what it costs.
    setTimeout(() => {
      const now = performance.now();
      paid = Math.min(Math.max(paid, began) + (now - began) * SHARE, now + SAVED * SHARE + longest);
    });
  });
  return () => {
    if (asked) return;
    asked = true;
    const wait = paid - SAVED * SHARE - performance.now();
    if (wait > 0) setTimeout(frame, wait);
    else frame();
  };
}
