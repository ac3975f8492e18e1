import type { Changes } from '../component/types.js';

/** So many news are remembered. */
const MAX_NEWS = 16_384;

/** So many characters of keys are remembered. */
const MAX_CHARACTERS = 4 << 20;

/** Whose doing something was: any object that stands for a handle. */
export type Author = object;

interface News {
  readonly by: Author | undefined;
  /** A complete key, or a prefix under which everything may have changed. */
  readonly text: string;
  readonly isPrefix: boolean;
}

/**
 * What has changed in a store lately, for those who come and ask. Bounded: who asks too seldom is told that
 * anything may have changed. A moment of it is a number that grows with each of the news.
 */
export class ChangeLog {
  #news: News[] = [];
  /** How many at the beginning of `#news` are not remembered any more. */
  #dropped = 0;
  #characters = 0;
  /** The moment up to which nothing is remembered. */
  #forgotten = 0;
  #end = 0;
  /** Nobody has asked yet: nothing is remembered. */
  #isIdle = true;

  /** The moment after the last of the news. From the first time that this is asked for, they are remembered. */
  get end(): number {
    this.#isIdle = false;
    return this.#end;
  }

  /** Notes that a complete key may have changed. */
  noteKey(by: Author | undefined, key: string): void {
    this.#note({ by, text: key, isPrefix: false });
  }

  /** Notes that everything under a prefix may have changed. */
  notePrefix(by: Author | undefined, prefix: string): void {
    this.#note({ by, text: prefix, isPrefix: true });
  }

  /** Notes that anything may have changed. */
  noteEverything(): void {
    if (this.#isIdle) return;
    // A moment more, so that nobody is up to date who was before this.
    this.#end += 1;
    this.#forgotten = this.#end;
    this.#news = [];
    this.#dropped = 0;
    this.#characters = 0;
  }

  /**
   * The complete keys that others than `by` have changed under `prefix` since a moment; `undefined`: anything may
   * have changed.
   */
  keysSince(since: number, by: Author, prefix: string): string[] | undefined {
    if (since < this.#forgotten || since > this.end) return undefined;
    const keys = new Set<string>();
    for (let at = this.#dropped + since - this.#forgotten; at < this.#news.length; at += 1) {
      const news = this.#news[at];
      if (news === undefined || news.by === by) continue;
      if (news.isPrefix) {
        if (news.text.startsWith(prefix) || prefix.startsWith(news.text)) return undefined;
      } else if (news.text.startsWith(prefix)) {
        keys.add(news.text);
      }
    }
    return [...keys];
  }

  /** What `bucket.changes` answers for the bucket that has `prefix`. */
  changes(since: bigint | undefined, by: Author, prefix: string): Changes {
    const cursor = BigInt(this.end);
    const isOurs = since !== undefined && since <= cursor;
    const keys = isOurs ? this.keysSince(Number(since), by, prefix) : undefined;
    if (keys === undefined) return { news: { tag: 'unknown' }, cursor };
    return { news: { tag: 'keys', val: keys.map((key) => key.slice(prefix.length)) }, cursor };
  }

  #note(news: News): void {
    if (this.#isIdle) return;
    this.#news.push(news);
    this.#end += 1;
    this.#characters += news.text.length;
    while (this.#end - this.#forgotten > MAX_NEWS || this.#characters > MAX_CHARACTERS) {
      this.#characters -= this.#news[this.#dropped]?.text.length ?? 0;
      this.#dropped += 1;
      this.#forgotten += 1;
    }
    if (this.#dropped > MAX_NEWS) {
      this.#news = this.#news.slice(this.#dropped);
      this.#dropped = 0;
    }
  }
}
