/** Nanoseconds since some fixed moment; never less than it answered before. */
export type Clock = () => bigint;

/** The time since this program began, by a clock that nobody can set. */
export const monotonicNow: Clock = () => BigInt(Math.round(performance.now() * 1e6));
