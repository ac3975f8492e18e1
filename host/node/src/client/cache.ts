/// <reference lib="esnext.disposable" preserve="true" />
import type { FlipCache, KeyType, Removals, Source, Stats, ValueType } from '../component/types.js';
import { InstanceError, fromComponent as fromError } from './errors.js';
import { type Key, type KeyTypes, fromText, toText } from './keys.js';
import { LocalTier } from './local.js';
import { type WriteOptions, toExpiry } from './options.js';
import { type Given, fromComponent, toComponent, toInteger } from './values.js';

/**
 * A value and its source: the local tier, the backend, the default, or an entry that may be stale.
 */
export interface Found<V> {
  readonly value: V | undefined;
  readonly source: Source;
}

/** The client, as its caches use it. */
export interface Owner {
  /** Applies the pending changes of other clients to the local tiers. */
  catchUp(): void;
}

/** The number of keys that a listing requests per page. */
const PAGE = 1000;

/**
 * A named cache. Keys are stored in the backend as `name:key`. Caches with one name and client
 * share a local tier.
 *
 * All methods are synchronous. A call to the backend blocks this thread, and throws a
 * `BackendError` if the backend fails. Methods throw a `CacheError` for a key or value of another
 * type, and a `StoredValueError` if the stored value is not of this cache's type.
 */
export class Cache<V, T extends ValueType = ValueType, K extends KeyType = 'text'> {
  readonly name: string;
  readonly keyType: K;
  readonly valueType: T;
  /** The local tier alone. Its methods do not call the backend or count as an access. */
  readonly local: LocalTier<V, K>;
  readonly #owner: Owner;
  #handle: FlipCache | undefined;

  /** @internal */
  constructor(owner: Owner, handle: FlipCache, name: string, keyType: K, valueType: T) {
    this.#owner = owner;
    this.#handle = handle;
    this.name = name;
    this.keyType = keyType;
    this.valueType = valueType;
    this.local = new LocalTier<V, K>((call) => this.#call(call), keyType);
  }

  /** Reads the local tier, then the backend. A value from the backend fills the local tier. */
  get(key: Key<K>): V | undefined {
    const value = this.#call((cache) => cache.get(this.#text(key)));
    return value && (fromComponent(value) as V);
  }

  /** Reads like {@link get}, and returns the source of the value too. */
  getDetailed(key: Key<K>): Found<V> {
    const { value, source } = this.#call((cache) => cache.getDetailed(this.#text(key)));
    return { value: value && (fromComponent(value) as V), source };
  }

  /**
   * Returns a value for each key, in request order. At most one round trip, or two if defaults are
   * stored.
   */
  getMany(keys: Iterable<Key<K>>): (V | undefined)[] {
    const values = this.#call((cache) => cache.getMany(this.#texts(keys)));
    return values.map((value) => value && (fromComponent(value) as V));
  }

  /**
   * Writes to the backend, then to the local tier. After an error the local tier has no value for
   * the key.
   */
  set(key: Key<K>, value: Given<T, V>, options?: WriteOptions): void {
    const given = toComponent(this.valueType, value);
    this.#call((cache) => cache.set(this.#text(key), given, toExpiry(options)));
  }

  /**
   * Writes entries in one round trip. Not atomic: after an error any subset may have been written.
   */
  setMany(entries: Iterable<readonly [Key<K>, Given<T, V>]>, options?: WriteOptions): void {
    const given = Array.from(entries, ([key, value]) => {
      return [this.#text(key), toComponent(this.valueType, value)] satisfies [unknown, unknown];
    });
    this.#call((cache) => cache.setMany(given, toExpiry(options)));
  }

  /** Writes the value if the key is absent. Returns whether it was written. */
  setIfAbsent(key: Key<K>, value: Given<T, V>, options?: WriteOptions): boolean {
    const given = toComponent(this.valueType, value);
    return this.#call((cache) => cache.setIfAbsent(this.#text(key), given, toExpiry(options)));
  }

  /**
   * Adds `delta` to an integer, 0 if the key is absent, and returns the sum. For caches of
   * integers.
   */
  increment(key: Key<K>, delta: bigint | number = 1n): bigint {
    return this.#call((cache) => cache.increment(this.#text(key), toInteger(delta)));
  }

  /** Deletes the key in both tiers. Returns whether the backend had it. */
  delete(key: Key<K>): boolean {
    return this.#call((cache) => cache.delete(this.#text(key)));
  }

  /** Deletes keys in both tiers. Returns how many the backend had. */
  deleteMany(keys: Iterable<Key<K>>): number {
    return Number(this.#call((cache) => cache.deleteMany(this.#texts(keys))));
  }

  /**
   * Returns whether either tier has the key. Does not count as an access and does not fill the
   * local tier.
   */
  has(key: Key<K>): boolean {
    return this.#call((cache) => cache.contains(this.#text(key)));
  }

  /**
   * Marks the entry as used, under FIFO too, and restarts its TTL. Returns `false` if the backend
   * does not have it.
   */
  refresh(key: Key<K>): boolean {
    return this.#call((cache) => cache.refresh(this.#text(key)));
  }

  /**
   * Returns the remaining TTL in milliseconds, `'never'` if the entry does not expire, or
   * `undefined` if it is absent.
   */
  ttl(key: Key<K>): number | 'never' | undefined {
    const left = this.#call((cache) => cache.ttl(this.#text(key)));
    if (left === undefined) return undefined;
    return left.tag === 'after-ms' ? Number(left.val) : 'never';
  }

  /**
   * Iterates over the keys in the backend, page by page. A key that is present throughout is
   * returned at least once; some may be returned twice.
   */
  *keys(): Generator<KeyTypes[K], void, undefined> {
    let cursor: string | undefined;
    do {
      const page = this.#call((cache) => cache.keys(cursor, PAGE));
      for (const key of page.keys) yield fromText(this.keyType, key);
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  [Symbol.iterator](): Generator<KeyTypes[K], void, undefined> {
    return this.keys();
  }

  /** Returns the number of keys under this name in the backend. Scans all of them. */
  count(): number {
    return Number(this.#call((cache) => cache.len()));
  }

  /**
   * Deletes every key under this name in both tiers, including those of caches whose names begin
   * with `name:`. Returns how many.
   */
  clear(): number {
    return Number(this.#call((cache) => cache.clear()));
  }

  /** Returns the counters of the caches with this name and client. */
  stats(): CacheStats {
    return numbers(this.#call((cache) => cache.stats()));
  }

  /** Closes the handle. Other caches of the same name and client keep the local tier. */
  close(): void {
    const handle = this.#handle as (FlipCache & Partial<Disposable>) | undefined;
    this.#handle = undefined;
    handle?.[Symbol.dispose]?.();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #call<R>(call: (handle: FlipCache) => R): R {
    const handle = this.#handle;
    if (handle === undefined) throw new InstanceError('closed');
    this.#owner.catchUp();
    try {
      return call(handle);
    } catch (error) {
      throw fromError(error);
    }
  }

  #text(key: Key<K>): string {
    return toText(this.keyType, key);
  }

  #texts(keys: Iterable<Key<K>>): string[] {
    return Array.from(keys, (key) => this.#text(key));
  }
}

type InNumbers<R> = { readonly [Name in keyof R]: R[Name] extends bigint ? number : InNumbers<R[Name]> };

/** The record `stats` of `wit/cache.wit`, with counts as numbers. */
export type CacheStats = InNumbers<Stats>;

function numbers({ removals, ...counts }: Stats): CacheStats {
  const inNumbers = (record: Omit<Stats, 'removals'> | Removals) =>
    Object.fromEntries(Object.entries(record).map(([name, count]) => [name, Number(count)]));
  return { ...inNumbers(counts), removals: inNumbers(removals) } as unknown as CacheStats;
}
