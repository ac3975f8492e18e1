import { BackendError } from 'flipcache/component';

import { format, isWellFormed, parse, type Row } from './form.js';

/** Where a row stands, and what: an entry, or what somebody else has put there. */
export type Found = Row | 'foreign' | undefined;

/**
 * The rows of a `localStorage`, each at a prefix and its complete key. What has expired is absent; it
 * stands until it is overwritten, or until room is needed: whoever only reads must not remove what another
 * tab may just have written.
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

  /** The time, in milliseconds since the Unix epoch. */
  now(): bigint {
    return BigInt(Math.trunc(this.#now()));
  }

  get(key: string, now: bigint): Found {
    const text = guarded(() => this.#storage.getItem(this.#prefix + key));
    if (text === null) return undefined;
    const row = parse(text);
    if (row === undefined) return 'foreign';
    return hasExpired(row, now) ? undefined : row;
  }

  /** @throws {BackendError} `unavailable` if there is no room, even after what has expired is gone. */
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

  /** The keys under a prefix that hold something, sorted by their code units. O(all of the storage). */
  under(prefix: string, now: bigint): string[] {
    return this.#standing(prefix)
      .filter((key) => this.get(key, now) !== undefined)
      .sort();
  }

  /** Removes what has expired; answers how many. O(all of the storage). */
  sweep(now: bigint): number {
    const expired = this.#standing('').filter((key) => this.get(key, now) === undefined);
    for (const key of expired) this.delete(key);
    return expired.length;
  }

  #standing(prefix: string): string[] {
    const keys: string[] = [];
    guarded(() => {
      const begin = this.#prefix + prefix;
      for (let at = 0; at < this.#storage.length; at += 1) {
        const key = this.#storage.key(at);
        // What has no UTF-8 form is no key of any cache.
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
 * What the browser refuses, in the words of the contract. By name: what the storage of another window throws
 * is of another window's class.
 */
function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    switch ((error as Partial<Error> | undefined)?.name) {
      case 'QuotaExceededError':
        throw BackendError.unavailable('localStorage is full');
      case 'SecurityError':
        throw BackendError.accessDenied('the browser does not let localStorage be used');
      default:
        throw error;
    }
  }
}
