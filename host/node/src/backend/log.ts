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
 * anything may have changed.
 */
export class ChangeLog {
  #news: News[] = [];
  /** How many at the beginning of `#news` are not remembered any more. */
  #dropped = 0;
  #characters = 0;
  /** The number of the last one that is not remembered any more. */
  #forgotten = 0n;
  /** Nobody has asked yet: nothing is remembered. */
  #isIdle = true;

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
    // One more, so that nobody is up to date who was before this.
    this.#forgotten += BigInt(this.#news.length - this.#dropped) + 1n;
    this.#news = [];
    this.#dropped = 0;
    this.#characters = 0;
  }

  /** What others than `by` have changed under `prefix` since a cursor; `undefined` asks for a first one. */
  since(since: bigint | undefined, by: Author, prefix: string): Changes {
    this.#isIdle = false;
    const cursor = this.#forgotten + BigInt(this.#news.length - this.#dropped);
    if (since === undefined || since < this.#forgotten || since > cursor) return unknown(cursor);
    const keys = new Set<string>();
    for (let at = this.#dropped + Number(since - this.#forgotten); at < this.#news.length; at += 1) {
      const news = this.#news[at];
      if (news === undefined || news.by === by) continue;
      if (news.isPrefix) {
        if (news.text.startsWith(prefix) || prefix.startsWith(news.text)) return unknown(cursor);
      } else if (news.text.startsWith(prefix)) {
        keys.add(news.text.slice(prefix.length));
      }
    }
    return { news: { tag: 'keys', val: [...keys] }, cursor };
  }

  #note(news: News): void {
    if (this.#isIdle) return;
    this.#news.push(news);
    this.#characters += news.text.length;
    while (this.#news.length - this.#dropped > MAX_NEWS || this.#characters > MAX_CHARACTERS) {
      this.#characters -= this.#news[this.#dropped]?.text.length ?? 0;
      this.#dropped += 1;
      this.#forgotten += 1n;
    }
    if (this.#dropped > MAX_NEWS) {
      this.#news = this.#news.slice(this.#dropped);
      this.#dropped = 0;
    }
  }
}

function unknown(cursor: bigint): Changes {
  return { news: { tag: 'unknown' }, cursor };
}
