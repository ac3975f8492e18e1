/** Nanoseconds since some fixed moment; never less than it answered before. */
export type Clock = () => bigint;

/**
 * Returns a clock that never goes back and that counts the time for which the machine sleeps.
 *
 * JavaScript has no such clock: `performance.now` stands still in sleep on Linux and macOS. So each look adds
 * whichever has gone on for longer since the last one, the steady clock or the wall clock. If the wall clock is set
 * forward, entries end earlier; if it is set back, nothing happens.
 */
export function sleepClock(
  steady: () => number = () => performance.now(),
  wall: () => number = () => Date.now(),
): Clock {
  let [lastSteady, lastWall, now] = [steady(), wall(), steady()];
  return () => {
    const [steadyNow, wallNow] = [steady(), wall()];
    const gone = Math.max(0, steadyNow - lastSteady);
    const goneByWall = wallNow - lastWall;
    // If both clocks go on, the finer one counts.
    now += goneByWall > gone + SLACK_MS ? goneByWall : gone;
    [lastSteady, lastWall] = [steadyNow, wallNow];
    return BigInt(Math.round(now * 1e6));
  };
}

/** By how much the wall clock may be ahead between two looks though the machine did not sleep. */
const SLACK_MS = 10;

/** The time since this program began, the time for which the machine slept included. */
export const monotonicNow: Clock = sleepClock();
