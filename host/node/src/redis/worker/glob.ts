/** A pattern for `SCAN … MATCH` that fits every key that begins with `prefix`, taken literally, and no other. */
export function startingWith(prefix: string): string {
  return `${prefix.replace(/[*?[\]\\^-]/g, '\\$&')}*`;
}
