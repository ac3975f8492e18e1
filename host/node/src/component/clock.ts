/** Returns monotonic nanoseconds since some fixed moment. */
export type Clock = () => bigint;

/**
 * Returns a monotonic clock that includes the time for which the machine sleeps.
 *
 * JavaScript has no such clock: `performance.now` stops during sleep on Linux and macOS. So each
 * reading adds the longer of the times that the steady clock and the wall clock measured since the
 * last one. If the wall clock is set forward, entries expire earlier; if it is set back, nothing
 * happens.
 */
export function sleepClock(
  steady: () => number = () => performance.now(),
  wall: () => number = () => Date.now(),
): Clock {
  let [lastSteady, lastWall, now] = [steady(), wall(), steady()];
  return () => {
    const [steadyNow, wallNow] = [steady(), wall()];
    const elapsed = Math.max(0, steadyNow - lastSteady);
    const elapsedByWall = wallNow - lastWall;
    // While both clocks run, the finer one counts.
    now += elapsedByWall > elapsed + SLACK_MS ? elapsedByWall : elapsed;
    [lastSteady, lastWall] = [steadyNow, wallNow];
    return BigInt(Math.round(now * 1e6));
  };
}

/** How far the wall clock may get ahead between two readings though the machine did not sleep. */
const SLACK_MS = 10;

/** The time since the start of the process, including the time for which the machine slept. */
export const monotonicNow: Clock = sleepClock();
