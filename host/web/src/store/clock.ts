/** How far the wall clock may get ahead between two readings though the machine did not sleep. */
const SLACK_MS = 10;

/**
 * Returns a clock for the component: monotonic nanoseconds that include the time for which the
 * machine slept, as the deadlines in `localStorage` do. In some browsers `performance.now` stops
 * during sleep, and an entry would outlive its copy in L2.
 */
export function browserClock(
  steady: () => number = () => performance.now(),
  wall: () => number = () => Date.now(),
): () => bigint {
  let [lastSteady, lastWall, now] = [steady(), wall(), 0];
  return () => {
    const [steadyNow, wallNow] = [steady(), wall()];
    const elapsed = Math.max(0, steadyNow - lastSteady);
    const elapsedByWall = wallNow - lastWall;
    // The wall clock is coarser: while both run, its steps must not be added to those of the steady
    // clock.
    now += elapsedByWall > elapsed + SLACK_MS ? elapsedByWall : elapsed;
    [lastSteady, lastWall] = [steadyNow, wallNow];
    return BigInt(Math.round(now * 1e6));
  };
}
