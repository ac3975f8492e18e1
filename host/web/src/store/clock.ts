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
    now += Math.max(0, steadyNow - lastSteady, wallNow - lastWall);
    [lastSteady, lastWall] = [steadyNow, wallNow];
    return BigInt(Math.round(now * 1e6));
  };
}
