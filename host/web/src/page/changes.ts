import type { Stats } from 'flipcache/component';

type Removals = Stats['removals'];

/** Why an entry left the local tier, by the name of the component's counter. */
export type Cause = Exclude<keyof Removals, 'replaced'>;

/** What a call changed for one key of the local tier. */
export interface Change {
  readonly key: string;
  readonly kind:
    | 'entered'
    /** It is later in eviction order now. */
    | 'moved'
    /** Its value was replaced. */
    | 'overwritten'
    /** It was removed and loaded from L2 again. */
    | 'reloaded'
    | 'left';
  /**
   * Why it left. If several entries left at once, the counters do not say which left for which
   * cause.
   */
  readonly causes: readonly Cause[];
}

/** The state of the local tier as the component reports it. */
export interface Tier {
  /** In eviction order, the next victim first. */
  readonly keys: readonly string[];
  readonly removals: Removals;
}

/**
 * Returns what changed between two snapshots of the local tier, taken around a call about
 * `subject`.
 */
export function changesBetween(before: Tier, after: Tier, subject?: string): Change[] {
  const left = before.keys.filter((key) => !after.keys.includes(key));
  const entered = after.keys.filter((key) => !before.keys.includes(key));
  const causes = CAUSES.filter((cause) => after.removals[cause] > before.removals[cause]);
  const kind = subjectChange(before, after, left.length, subject);
  const moved = movedKeys(before.keys, after.keys).filter(
    (key) => kind === undefined || key !== subject,
  );
  const changes: Change[] = left.map((key) => ({ key, kind: 'left', causes }));
  for (const key of entered) changes.push({ key, kind: 'entered', causes: [] });
  for (const key of moved) changes.push({ key, kind: 'moved', causes: [] });
  if (kind && subject !== undefined) changes.push({ key: subject, kind, causes });
  return changes;
}

const CAUSES: readonly Cause[] = ['size', 'expired', 'explicit', 'invalidated', 'flushed'];

/** Returns what happened to a key that is in both snapshots. */
function subjectChange(before: Tier, after: Tier, left: number, subject: string | undefined) {
  if (subject === undefined) return undefined;
  if (!before.keys.includes(subject) || !after.keys.includes(subject)) return undefined;
  const removed = CAUSES.reduce(
    (sum, cause) => sum + after.removals[cause] - before.removals[cause],
    0n,
  );
  // More entries were removed than are missing.
  if (removed > BigInt(left)) return 'reloaded';
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
