/// <reference lib="esnext.disposable" preserve="true" />
import type { Removals, FlipCache, KeyType, Source, Stats, ValueType } from '../component/types.js';
import { InstanceError, fromComponent as fromError } from './errors.js';
import { type Key, type KeyTypes, fromText, toText } from './keys.js';
import { LocalTier } from './local.js';
import { type WriteOptions, toExpiry } from './options.js';
import { type Given, fromComponent, toComponent, toInteger } from './values.js';

/** A value, and where it came from: the local tier, the store, the default, or an entry that may be old. */
export interface Found<V> {
  readonly value: V | undefined;
  readonly source: Source;
}

/** What a client gives to its caches. */
export interface Owner {
  /** Has the local tiers know what others have changed. */
  catchUp(): void;
}

/** How many keys a page of a listing asks for. */
const PAGE = 1000;

/**
 * A named cache. Keys stand in the store as `name:key`. Caches of one name and client share one local tier.
 *
 * Everything is synchronous. What asks the store waits for it on this thread, and throws a `BackendError` if the
 * store fails; a `CacheError` if a key or value is none of this cache, and a `StoredValueError` if the store holds
 * what is none.
 */
export class Cache<V, T extends ValueType = ValueType, K extends KeyType = 'text'> {
  readonly name: string;
  readonly keyType: K;
  readonly valueType: T;
  /** The local tier alone: no method of it asks the store or counts as a use. */
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
    this.local = new LocalTier<V, K>((call) => this.#ask(call), keyType);
  }

  /** Reads through: the local tier, then the store, which fills the local tier. */
  get(key: Key<K>): V | undefined {
    const value = this.#ask((cache) => cache.get(this.#text(key)));
    return value && (fromComponent(value) as V);
  }

  /** The same, and where the answer came from. */
  getDetailed(key: Key<K>): Found<V> {
    const { value, source } = this.#ask((cache) => cache.getDetailed(this.#text(key)));
    return { value: value && (fromComponent(value) as V), source };
  }

  /** A value for each key, in the order asked for; at most one round trip, two where defaults are stored. */
  getMany(keys: Iterable<Key<K>>): (V | undefined)[] {
    const values = this.#ask((cache) => cache.getMany(this.#texts(keys)));
    return values.map((value) => value && (fromComponent(value) as V));
  }

  /** Writes the store, then the local tier. After an error the local tier holds no value for the key. */
  set(key: Key<K>, value: Given<T, V>, options?: WriteOptions): void {
    const given = toComponent(this.valueType, value);
    this.#ask((cache) => cache.set(this.#text(key), given, toExpiry(options)));
  }

  /** Writes entries in one round trip. Not atomic: after an error of the store any of them may be written. */
  setMany(entries: Iterable<readonly [Key<K>, Given<T, V>]>, options?: WriteOptions): void {
    const given = Array.from(entries, ([key, value]) => {
      return [this.#text(key), toComponent(this.valueType, value)] satisfies [unknown, unknown];
    });
    this.#ask((cache) => cache.setMany(given, toExpiry(options)));
  }

  /** `true` if the value was written, `false` if the key was there. */
  setIfAbsent(key: Key<K>, value: Given<T, V>, options?: WriteOptions): boolean {
    const given = toComponent(this.valueType, value);
    return this.#ask((cache) => cache.setIfAbsent(this.#text(key), given, toExpiry(options)));
  }

  /** For caches of integers: adds, 0 if the key is absent, and answers the sum. */
  increment(key: Key<K>, delta: bigint | number = 1n): bigint {
    return this.#ask((cache) => cache.increment(this.#text(key), toInteger(delta)));
  }

  /** Deletes the key in both tiers; answers whether the store had it. */
  delete(key: Key<K>): boolean {
    return this.#ask((cache) => cache.delete(this.#text(key)));
  }

  /** Deletes keys in both tiers; answers how many the store had. */
  deleteMany(keys: Iterable<Key<K>>): number {
    return Number(this.#ask((cache) => cache.deleteMany(this.#texts(keys))));
  }

  /** Whether either tier has the key. No use, and fills nothing. */
  has(key: Key<K>): boolean {
    return this.#ask((cache) => cache.contains(this.#text(key)));
  }

  /** Marks the entry as used, under FIFO too, and starts its time to live anew; `false` if the store has it not. */
  refresh(key: Key<K>): boolean {
    return this.#ask((cache) => cache.refresh(this.#text(key)));
  }

  /** What is left of the entry's life in milliseconds; `'never'`: it does not expire; `undefined`: it is absent. */
  ttl(key: Key<K>): number | 'never' | undefined {
    const left = this.#ask((cache) => cache.ttl(this.#text(key)));
    if (left === undefined) return undefined;
    return left.tag === 'after-ms' ? Number(left.val) : 'never';
  }

  /**
   * The keys in the store, page by page as they are asked for. Those that are there throughout come at least once;
   * some may come twice.
   */
  *keys(): Generator<KeyTypes[K], void, undefined> {
    let cursor: string | undefined;
    do {
      const page = this.#ask((cache) => cache.keys(cursor, PAGE));
      for (const key of page.keys) yield fromText(this.keyType, key);
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  [Symbol.iterator](): Generator<KeyTypes[K], void, undefined> {
    return this.keys();
  }

  /** How many keys the store has under this name. Looks at all of them. */
  count(): number {
    return Number(this.#ask((cache) => cache.len()));
  }

  /**
   * Deletes every key under this name in both tiers, those of caches whose names begin `name:` among them; answers
   * how many.
   */
  clear(): number {
    return Number(this.#ask((cache) => cache.clear()));
  }

  /** What the caches of this name and client have done so far. */
  stats(): CacheStats {
    return numbers(this.#ask((cache) => cache.stats()));
  }

  /** Closes the handle. The local tier stays for other caches of the same name and client. */
  close(): void {
    const handle = this.#handle as (FlipCache & Partial<Disposable>) | undefined;
    this.#handle = undefined;
    handle?.[Symbol.dispose]?.();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #ask<R>(call: (handle: FlipCache) => R): R {
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

/** What a cache has done, as `wit/cache.wit` says it in `stats`, in numbers. */
export type CacheStats = InNumbers<Stats>;

function numbers({ removals, ...counts }: Stats): CacheStats {
  const inNumbers = (record: Omit<Stats, 'removals'> | Removals) =>
    Object.fromEntries(Object.entries(record).map(([name, count]) => [name, Number(count)]));
  return { ...inNumbers(counts), removals: inNumbers(removals) } as unknown as CacheStats;
}
