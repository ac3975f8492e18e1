import type { Changes } from '../component/types.js';

/** The most changes that the log keeps. */
const MAX_CHANGES = 16_384;

/** The most characters of keys that the log keeps. */
const MAX_CHARACTERS = 4 << 20;

/** Identifies the handle that made a change: any object. */
export type Author = object;

interface Change {
  readonly by: Author | undefined;
  /** A complete key, or a prefix under which everything may have changed. */
  readonly text: string;
  readonly isPrefix: boolean;
}

/**
 * The recent changes of a backend, for clients that poll. The log is bounded: a client whose
 * position is no longer covered learns that any key may have changed. A position is a number that
 * grows with each change.
 */
export class ChangeLog {
  #changes: Change[] = [];
  /** How many changes at the start of `#changes` have been discarded. */
  #dropped = 0;
  #characters = 0;
  /** The position up to which changes have been discarded. */
  #start = 0;
  #end = 0;
  /** Nothing is recorded until the first client polls. */
  #isIdle = true;

  /** The position after the last change. Changes are recorded from the first read of this on. */
  get end(): number {
    this.#isIdle = false;
    return this.#end;
  }

  /** Records that a complete key may have changed. */
  noteKey(by: Author | undefined, key: string): void {
    this.#note({ by, text: key, isPrefix: false });
  }

  /** Records that any key under a prefix may have changed. */
  notePrefix(by: Author | undefined, prefix: string): void {
    this.#note({ by, text: prefix, isPrefix: true });
  }

  /** Records that any key may have changed. */
  noteEverything(): void {
    if (this.#isIdle) return;
    // One more, so that every position given out before is too old.
    this.#end += 1;
    this.#start = this.#end;
    this.#changes = [];
    this.#dropped = 0;
    this.#characters = 0;
  }

  /**
   * Returns the complete keys that clients other than `by` have changed under `prefix` since a
   * position, or `undefined` if any key may have changed.
   */
  keysSince(since: number, by: Author, prefix: string): string[] | undefined {
    if (since < this.#start || since > this.end) return undefined;
    const keys = new Set<string>();
    for (let at = this.#dropped + since - this.#start; at < this.#changes.length; at += 1) {
      const change = this.#changes[at];
      if (change === undefined || change.by === by) continue;
      if (change.isPrefix) {
        if (change.text.startsWith(prefix) || prefix.startsWith(change.text)) return undefined;
      } else if (change.text.startsWith(prefix)) {
        keys.add(change.text);
      }
    }
    return [...keys];
  }

  /** Returns the result of `bucket.changes` for the bucket with `prefix`. */
  changes(since: bigint | undefined, by: Author, prefix: string): Changes {
    const cursor = BigInt(this.end);
    const isKnown = since !== undefined && since <= cursor;
    const keys = isKnown ? this.keysSince(Number(since), by, prefix) : undefined;
    if (keys === undefined) return { changed: { tag: 'unknown' }, cursor };
    return { changed: { tag: 'keys', val: keys.map((key) => key.slice(prefix.length)) }, cursor };
  }

  #note(change: Change): void {
    if (this.#isIdle) return;
    this.#changes.push(change);
    this.#end += 1;
    this.#characters += change.text.length;
    while (this.#end - this.#start > MAX_CHANGES || this.#characters > MAX_CHARACTERS) {
      this.#characters -= this.#changes[this.#dropped]?.text.length ?? 0;
      this.#dropped += 1;
      this.#start += 1;
    }
    if (this.#dropped > MAX_CHANGES) {
      this.#changes = this.#changes.slice(this.#dropped);
      this.#dropped = 0;
    }
  }
}
