/**
 * Which prefixes are to be followed. A server refuses those that overlap, and each costs whoever writes to it.
 *
 * @module
 */

/** So many prefixes a connection follows. */
export const MAX_PREFIXES = 64;

/** The least set of prefixes that covers all of these: if it were too large, what they have in common. */
export function cover(wanted: Iterable<string>): string[] {
  const least: string[] = [];
  for (const prefix of [...wanted].sort()) {
    const last = least.at(-1);
    if (last === undefined || !prefix.startsWith(last)) least.push(prefix);
  }
  return least.length > MAX_PREFIXES ? [common(least)] : least;
}

/** The command that follows prefixes as well; the empty one is that of all keys. */
export function follow(prefixes: readonly string[]): string[] {
  const named = prefixes.filter((prefix) => prefix !== '').flatMap((prefix) => ['PREFIX', prefix]);
  return ['CLIENT', 'TRACKING', 'ON', 'BCAST', ...named, 'NOLOOP'];
}

function common(prefixes: readonly string[]): string {
  // In order, the first and the last have no more in common than all do.
  const [first = '', last = ''] = [prefixes[0], prefixes.at(-1)];
  let length = 0;
  while (length < first.length && first[length] === last[length]) length += 1;
  return first.slice(0, length);
}
