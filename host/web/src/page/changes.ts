import type { Stats } from 'flipcache/component';

type Removals = Stats['removals'];

/** Why an entry left the local tier: the names of the component's counters. */
export type Cause = Exclude<keyof Removals, 'replaced'>;

/** What a call has done to one key of the local tier. */
export interface Change {
  readonly key: string;
  readonly kind:
    | 'entered'
    /** It stands further back now: others leave before it. */
    | 'moved'
    /** It has another value, at its place. */
    | 'overwritten'
    /** It left, and what L2 answered entered anew. */
    | 'reloaded'
    | 'left';
  /** Why it left. Of several that left at once, the counters do not tell which left for which cause. */
  readonly causes: readonly Cause[];
}

/** What the component says of the local tier. */
export interface Tier {
  /** The next to leave first. */
  readonly keys: readonly string[];
  readonly removals: Removals;
}

/** What has changed between two looks at the local tier, around a call about `subject`. */
export function changesBetween(before: Tier, after: Tier, subject?: string): Change[] {
  const left = before.keys.filter((key) => !after.keys.includes(key));
  const entered = after.keys.filter((key) => !before.keys.includes(key));
  const causes = CAUSES.filter((cause) => after.removals[cause] > before.removals[cause]);
  const kind = fate(before, after, left.length, subject);
  const moved = movedKeys(before.keys, after.keys).filter((key) => kind === undefined || key !== subject);
  const changes: Change[] = left.map((key) => ({ key, kind: 'left', causes }));
  for (const key of entered) changes.push({ key, kind: 'entered', causes: [] });
  for (const key of moved) changes.push({ key, kind: 'moved', causes: [] });
  if (kind && subject !== undefined) changes.push({ key: subject, kind, causes });
  return changes;
}

const CAUSES: readonly Cause[] = ['size', 'expired', 'explicit', 'told', 'voided'];

/** What became of a key that stood there before and stands there now. */
function fate(before: Tier, after: Tier, left: number, subject: string | undefined) {
  if (subject === undefined) return undefined;
  if (!before.keys.includes(subject) || !after.keys.includes(subject)) return undefined;
  const dropped = CAUSES.reduce((sum, cause) => sum + after.removals[cause] - before.removals[cause], 0n);
  // More was dropped than is gone.
  if (dropped > BigInt(left)) return 'reloaded';
  return after.removals.replaced > before.removals.replaced ? 'overwritten' : undefined;
}

function movedKeys(before: readonly string[], after: readonly string[]): string[] {
  const stayed = after.filter((key) => before.includes(key));
  const moved: string[] = [];
  let at = 0;
  for (const key of before) {
    if (!after.includes(key)) continue;
    if (stayed[at] === key) at += 1;
    else moved.push(key);
  }
  return moved;
}
