/**
 * The prefixes to track. A server rejects prefixes that overlap, and each one slows down writes to
 * it.
 *
 * @module
 */

/** The most prefixes that a connection tracks. */
export const MAX_PREFIXES = 64;

/**
 * Returns the smallest set of prefixes that covers all of these, or their common prefix if it is
 * too large.
 */
export function cover(wanted: Iterable<string>): string[] {
  const least: string[] = [];
  for (const prefix of [...wanted].sort()) {
    const last = least.at(-1);
    if (last === undefined || !prefix.startsWith(last)) least.push(prefix);
  }
  return least.length > MAX_PREFIXES ? [common(least)] : least;
}

/** Returns the command that adds prefixes to those tracked; the empty prefix tracks all keys. */
export function follow(prefixes: readonly string[]): string[] {
  const named = prefixes.filter((prefix) => prefix !== '').flatMap((prefix) => ['PREFIX', prefix]);
  return ['CLIENT', 'TRACKING', 'ON', 'BCAST', ...named, 'NOLOOP'];
}

function common(prefixes: readonly string[]): string {
  // The common prefix of the first and the last in sorted order is that of all.
  const [first = '', last = ''] = [prefixes[0], prefixes.at(-1)];
  let length = 0;
  while (length < first.length && first[length] === last[length]) length += 1;
  return first.slice(0, length);
}
