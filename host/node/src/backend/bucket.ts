import type { Changes, Page, Slot } from '../component/types.js';
import type { Session } from './session.js';

/**
 * A shared tier: named buckets of keys and bytes with expiry. The contract is that of `wit/kv-backend.wit`, in
 * JavaScript's types: `u64` is a `bigint`, `list<u8>` a `Uint8Array`, `none` is `undefined`, `err` is a
 * {@link BackendError} that is thrown.
 *
 * Everything is synchronous: the component cannot wait for a promise.
 */
export interface KvBackend {
  /** Opens the bucket `name`, whose keys stand in the store as `name:key`. No round trip. */
  open(name: string): Bucket;

  /** A new user of the store, who is told what others change. Not there: nobody is told. */
  session?(): Session;
}

/** The keys of a store behind one name, as one handle sees them. */
export interface Bucket {
  /**
   * Reads keys in one round trip: a slot for each, in the order asked for. With `newTtlMs`, each key that is
   * there gets that TTL in the same atomic step as its read, and its entry shows it.
   */
  get(keys: string[], newTtlMs: bigint | undefined): Slot[];

  /**
   * Writes keys in one round trip, all with the same TTL; `undefined` removes an expiry that a key had. Of a key
   * given twice the last value counts. After an error any subset may have been written.
   */
  set(entries: [string, Uint8Array][], ttlMs: bigint | undefined): void;

  /**
   * Writes those keys that are absent. An answer for each key: `undefined` where this call wrote the value, else
   * what the key held already.
   */
  setIfAbsent(entries: [string, Uint8Array][], ttlMs: bigint | undefined): (Slot | undefined)[];

  /**
   * Adds to the decimal integer of 64 bits that the key holds, 0 if absent; answers the sum. A key that was
   * absent gets the TTL, one that was there keeps its own. What is no such integer, or a sum beyond 64 bits, is
   * `other`, and the key stays as it was.
   */
  increment(key: string, delta: bigint, ttlMs: bigint | undefined): bigint;

  /** Deletes keys; answers how many existed. */
  delete(keys: string[]): bigint;

  /** Answers how many of the keys exist; one given twice counts once. */
  exists(keys: string[]): bigint;

  /** Sets the TTL of keys, or removes it with `undefined`; answers for each whether it existed. */
  expire(keys: string[], ttlMs: bigint | undefined): boolean[];

  /**
   * Lists keys, about `limit` a page (0 counts as 1). A key present from the first call to the last is listed at
   * least once; pages may repeat keys, and may be empty before the last, which has no cursor.
   */
  scan(cursor: string | undefined, limit: number): Page;

  /** How many keys the bucket holds. */
  count(): bigint;

  /** Deletes every key of the bucket; answers how many. */
  clear(): bigint;

  /**
   * What others have changed since the cursor `since`; `undefined` asks for a first cursor. Answers at once,
   * consumes nothing, and leaves out what this handle wrote itself. A store that is told nothing throws
   * `unsupported`, one that does not hear at the moment `unavailable`.
   */
  changes(since: bigint | undefined): Changes;

  /** The handle is not used any more. */
  close?(): void;
}
