import type { FlipCache, KeyType } from '../component/types.js';
import { type Key, type KeyTypes, fromText, toText } from './keys.js';
import { fromComponent } from './values.js';

/** The local tier of a cache, without the backend. No method counts as an access. */
export class LocalTier<V, K extends KeyType> {
  readonly #call: <R>(call: (handle: FlipCache) => R) => R;
  readonly #keyType: K;

  /** @internal */
  constructor(call: <R>(call: (handle: FlipCache) => R) => R, keyType: K) {
    this.#call = call;
    this.#keyType = keyType;
  }

  /** Returns the local value. */
  get(key: Key<K>): V | undefined {
    const value = this.#call((cache) => cache.localGet(toText(this.#keyType, key)));
    return value && (fromComponent(value) as V);
  }

  /** Returns the keys in eviction order. */
  keys(): KeyTypes[K][] {
    return this.#call((cache) => cache.localKeys()).map((key) => fromText(this.#keyType, key));
  }

  /** The number of entries, including expired ones that were not removed yet. */
  get size(): number {
    return Number(this.#call((cache) => cache.stats()).localLen);
  }

  /** Removes every local entry; the backend is unchanged. */
  clear(): void {
    this.#call((cache) => cache.localClear());
  }
}
