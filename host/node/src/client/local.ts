import type { FlipCache, KeyType } from '../component/types.js';
import { type Key, type KeyTypes, fromText, toText } from './keys.js';
import { fromComponent } from './values.js';

/** A cache's local tier, looked at without the store. No method counts as a use. */
export class LocalTier<V, K extends KeyType> {
  readonly #ask: <R>(call: (handle: FlipCache) => R) => R;
  readonly #keyType: K;

  /** @internal */
  constructor(ask: <R>(call: (handle: FlipCache) => R) => R, keyType: K) {
    this.#ask = ask;
    this.#keyType = keyType;
  }

  /** The value that it holds. */
  get(key: Key<K>): V | undefined {
    const value = this.#ask((cache) => cache.localGet(toText(this.#keyType, key)));
    return value && (fromComponent(value) as V);
  }

  /** The keys, in the order in which they would be evicted. */
  keys(): KeyTypes[K][] {
    return this.#ask((cache) => cache.localKeys()).map((key) => fromText(this.#keyType, key));
  }

  /** How many entries it holds; expired ones that nobody has met since count. */
  get size(): number {
    return Number(this.#ask((cache) => cache.stats()).localLen);
  }

  /** Removals every entry; the store stays as it is. */
  clear(): void {
    this.#ask((cache) => cache.localClear());
  }
}
