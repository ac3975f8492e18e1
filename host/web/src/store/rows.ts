import { BackendError } from 'flipcache/component';

import { format, isWellFormed, parse, type Row } from './entry-format.js';

/** What a key holds: an entry, a text that is not an entry, or nothing. */
export type Found = Row | 'wrong-type' | undefined;

/**
 * The rows of a `localStorage`, each stored at a prefix and its complete key. An expired row counts
 * as absent but is kept until it is overwritten or room is needed: a reader that removed it could
 * remove what another tab has just written.
 */
export class Rows {
  readonly #storage: Storage;
  readonly #prefix: string;
  readonly #now: () => number;

  constructor(storage: Storage, prefix: string, now: () => number) {
    this.#storage = storage;
    this.#prefix = prefix;
    this.#now = now;
  }

  /** Returns the time in milliseconds since the Unix epoch. */
  now(): bigint {
    return BigInt(Math.trunc(this.#now()));
  }

  get(key: string, now: bigint): Found {
    const text = guarded(() => this.#storage.getItem(this.#prefix + key));
    if (text === null) return undefined;
    const row = parse(text);
    if (row === undefined) return 'wrong-type';
    return hasExpired(row, now) ? undefined : row;
  }

  /**
   * @throws {BackendError} `unavailable` if there is no room even after expired rows are removed.
   */
  put(key: string, row: Row, now: bigint): void {
    const write = () => this.#storage.setItem(this.#prefix + key, format(row));
    try {
      guarded(write);
    } catch (error) {
      const isFull = error instanceof BackendError && error.code === 'unavailable';
      if (!isFull || this.sweep(now) === 0) throw error;
      guarded(write);
    }
  }

  delete(key: string): void {
    guarded(() => this.#storage.removeItem(this.#prefix + key));
  }

  /** Returns the live keys under a prefix, sorted by code units. O(keys of the storage). */
  under(prefix: string, now: bigint): string[] {
    return this.#stored(prefix)
      .filter((key) => this.get(key, now) !== undefined)
      .sort();
  }

  /** Removes expired rows and returns how many. O(keys of the storage). */
  sweep(now: bigint): number {
    const expired = this.#stored('').filter((key) => this.get(key, now) === undefined);
    for (const key of expired) this.delete(key);
    return expired.length;
  }

  #stored(prefix: string): string[] {
    const keys: string[] = [];
    guarded(() => {
      const begin = this.#prefix + prefix;
      for (let at = 0; at < this.#storage.length; at += 1) {
        const key = this.#storage.key(at);
        // A key that cannot be encoded in UTF-8 belongs to no cache.
        if (key?.startsWith(begin) && isWellFormed(key)) keys.push(key.slice(this.#prefix.length));
      }
    });
    return keys;
  }
}

function hasExpired(row: Row, now: bigint): boolean {
  return row.deadline !== undefined && row.deadline <= now;
}

/**
 * Maps the browser's exceptions to backend errors. By name, because the storage of another window
 * throws instances of that window's classes.
 */
function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    switch ((error as Partial<Error> | undefined)?.name) {
      case 'QuotaExceededError':
        throw BackendError.unavailable('localStorage is full');
      case 'SecurityError':
        throw BackendError.accessDenied('the browser denies access to localStorage');
      default:
        throw error;
    }
  }
}
