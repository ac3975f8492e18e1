import type { Changes } from 'flipcache/component';

/** So many news are remembered. */
const MAX_NEWS = 4096;

/** So many characters of keys are remembered. */
const MAX_CHARACTERS = 1 << 20;

/** A complete key that has changed, or a prefix under which everything may have. */
interface News {
  /** The handle that changed it; `undefined`: another document. */
  readonly by: object | undefined;
  readonly text: string;
  readonly isPrefix: boolean;
}

/**
 * What has been changed lately, for those who come and ask. Bounded: who asks too seldom is told that
 * anything may have changed.
 */
export class Log {
  #news: News[] = [];
  #characters = 0;
  /** The number of the last one that is not remembered any more. */
  #forgotten = 0n;

  noteKey(by: object | undefined, key: string): void {
    this.#note({ by, text: key, isPrefix: false });
  }

  notePrefix(by: object | undefined, prefix: string): void {
    this.#note({ by, text: prefix, isPrefix: true });
  }

  noteEverything(): void {
    // One more, so that nobody is up to date who was before this.
    this.#forgotten += BigInt(this.#news.length) + 1n;
    this.#news = [];
    this.#characters = 0;
  }

  /** What others than `by` have changed under `prefix` since a cursor; `undefined` asks for a first one. */
  since(since: bigint | undefined, by: object, prefix: string): Changes {
    const cursor = this.#forgotten + BigInt(this.#news.length);
    const isKnown = since !== undefined && since >= this.#forgotten && since <= cursor;
    if (!isKnown) return { news: { tag: 'unknown' }, cursor };
    const keys = new Set<string>();
    for (const news of this.#news.slice(Number(since - this.#forgotten))) {
      if (news.by === by) continue;
      if (news.isPrefix) {
        const overlaps = news.text.startsWith(prefix) || prefix.startsWith(news.text);
        if (overlaps) return { news: { tag: 'unknown' }, cursor };
      } else if (news.text.startsWith(prefix)) {
        keys.add(news.text.slice(prefix.length));
      }
    }
    return { news: { tag: 'keys', val: [...keys] }, cursor };
  }

  #note(news: News): void {
    this.#news.push(news);
    this.#characters += news.text.length;
    while (this.#news.length > MAX_NEWS || this.#characters > MAX_CHARACTERS) {
      this.#characters -= this.#news.shift()?.text.length ?? 0;
      this.#forgotten += 1n;
    }
  }
}
