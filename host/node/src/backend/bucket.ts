import type { Changes, Page, Slot } from '../component/types.js';
import type { Session } from './session.js';

/**
 * A backend (L2): named buckets of keys and bytes with expiry. The contract is `wit/kv-backend.wit`
 * with JavaScript's types: `u64` is a `bigint`, `list<u8>` a `Uint8Array`, `none` is `undefined`,
 * and `err` is a thrown {@link BackendError}.
 *
 * All methods are synchronous: the component cannot wait for a promise.
 */
export interface KvBackend {
  /** Opens the bucket `name`, whose keys are stored as `name:key`. No round trip. */
  open(name: string): Bucket;

  /**
   * Opens a session that reports the changes of other clients. Without it, changes are untracked.
   */
  session?(): Session;
}

/** A handle to the keys under one name. */
export interface Bucket {
  /**
   * Reads keys in one round trip. Returns a slot for each, in request order. With `newTtlMs`, each
   * existing key gets that TTL in the same atomic step as its read, and its entry shows it.
   */
  get(keys: string[], newTtlMs: bigint | undefined): Slot[];

  /**
   * Writes keys in one round trip, all with the same TTL; `undefined` removes an existing TTL. If a
   * key is given twice, the last value wins. After an error any subset may have been written.
   */
  set(entries: [string, Uint8Array][], ttlMs: bigint | undefined): void;

  /**
   * Writes the keys that are absent. Returns for each key `undefined` if this call wrote it,
   * otherwise the slot that was present.
   */
  setIfAbsent(entries: [string, Uint8Array][], ttlMs: bigint | undefined): (Slot | undefined)[];

  /**
   * Adds to the decimal 64-bit integer that the key holds, 0 if absent, and returns the sum. An
   * absent key gets the TTL, an existing one keeps its own. If the value is not such an integer or
   * the sum does not fit 64 bits, throws `other` and leaves the key unchanged.
   */
  increment(key: string, delta: bigint, ttlMs: bigint | undefined): bigint;

  /** Deletes keys and returns how many existed. */
  delete(keys: string[]): bigint;

  /** Returns how many of the keys exist; one given twice counts once. */
  exists(keys: string[]): bigint;

  /**
   * Sets the TTL of keys, or removes it with `undefined`. Returns for each key whether it existed.
   */
  expire(keys: string[], ttlMs: bigint | undefined): boolean[];

  /**
   * Lists keys, about `limit` a page (0 counts as 1). A key present from the first call to the last
   * is listed at least once; pages may repeat keys, and may be empty before the last, which has no
   * cursor.
   */
  scan(cursor: string | undefined, limit: number): Page;

  /** Returns the number of keys in the bucket. */
  count(): bigint;

  /** Deletes every key of the bucket and returns how many. */
  clear(): bigint;

  /**
   * Returns the changes of other clients since the cursor `since`; `undefined` requests a first
   * cursor. Returns at once, consumes nothing, and omits this handle's own writes. Throws
   * `unsupported` if the backend does not track changes, and `unavailable` while tracking is lost.
   */
  changes(since: bigint | undefined): Changes;

  /** Closes the handle. */
  close?(): void;
}
