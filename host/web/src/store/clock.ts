/** By how much the wall clock may be ahead between two looks though the machine did not sleep. */
const SLACK_MS = 10;

/**
 * A clock for the component: nanoseconds that never go back, and that count the time for which the
 * machine slept, as the deadlines in `localStorage` do. `performance.now` stands still meanwhile in some
 * browsers, and an entry would outlive its store.
 */
export function browserClock(
  steady: () => number = () => performance.now(),
  wall: () => number = () => Date.now(),
): () => bigint {
  let [lastSteady, lastWall, now] = [steady(), wall(), 0];
  return () => {
    const [steadyNow, wallNow] = [steady(), wall()];
    const gone = Math.max(0, steadyNow - lastSteady);
    const goneByWall = wallNow - lastWall;
    // The wall clock is coarser: where both go on, its steps must not be added to those of the other.
    now += goneByWall > gone + SLACK_MS ? goneByWall : gone;
    [lastSteady, lastWall] = [steadyNow, wallNow];
    return BigInt(Math.round(now * 1e6));
  };
}
