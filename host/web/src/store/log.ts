import type { Changes } from 'flipcache/component';

/** The most changes that the log keeps. */
const MAX_CHANGES = 4096;

/** The most characters of keys that the log keeps. */
const MAX_CHARACTERS = 1 << 20;

/** A changed complete key, or a prefix under which any key may have changed. */
interface Change {
  /** The handle that made the change; `undefined`: another document. */
  readonly by: object | undefined;
  readonly text: string;
  readonly isPrefix: boolean;
}

/**
 * The recent changes of a storage, for clients that poll. The log is bounded: a client whose cursor
 * is no longer covered gets `unknown`, which means that any key may have changed.
 */
export class Log {
  #changes: Change[] = [];
  #characters = 0;
  /** The sequence number of the last change that was discarded. */
  #discarded = 0n;

  noteKey(by: object | undefined, key: string): void {
    this.#note({ by, text: key, isPrefix: false });
  }

  notePrefix(by: object | undefined, prefix: string): void {
    this.#note({ by, text: prefix, isPrefix: true });
  }

  noteEverything(): void {
    // One more, so that every cursor given out before is too old.
    this.#discarded += BigInt(this.#changes.length) + 1n;
    this.#changes = [];
    this.#characters = 0;
  }

  /**
   * Returns what clients other than `by` have changed under `prefix` since a cursor. `undefined`
   * requests a first cursor.
   */
  since(since: bigint | undefined, by: object, prefix: string): Changes {
    const cursor = this.#discarded + BigInt(this.#changes.length);
    const isKnown = since !== undefined && since >= this.#discarded && since <= cursor;
    if (!isKnown) return { changed: { tag: 'unknown' }, cursor };
    const keys = new Set<string>();
    for (const change of this.#changes.slice(Number(since - this.#discarded))) {
      if (change.by === by) continue;
      if (change.isPrefix) {
        const overlaps = change.text.startsWith(prefix) || prefix.startsWith(change.text);
        if (overlaps) return { changed: { tag: 'unknown' }, cursor };
      } else if (change.text.startsWith(prefix)) {
        keys.add(change.text.slice(prefix.length));
      }
    }
    return { changed: { tag: 'keys', val: [...keys] }, cursor };
  }

  #note(change: Change): void {
    this.#changes.push(change);
    this.#characters += change.text.length;
    while (this.#changes.length > MAX_CHANGES || this.#characters > MAX_CHARACTERS) {
      this.#characters -= this.#changes.shift()?.text.length ?? 0;
      this.#discarded += 1n;
    }
  }
}
