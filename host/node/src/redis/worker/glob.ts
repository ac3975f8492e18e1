/**
 * Returns a pattern for `SCAN … MATCH` that matches the keys that begin with `prefix`, taken
 * literally.
 */
export function startingWith(prefix: string): string {
  return `${prefix.replace(/[*?[\]\\^-]/g, '\\$&')}*`;
}
