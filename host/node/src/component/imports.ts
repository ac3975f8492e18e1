import type { Bucket, KvBackend } from '../backend/bucket.js';
import { BackendError } from '../backend/error.js';
import * as is from './checks.js';
import type { Changes, Page, Slot } from './types.js';

/** Returns the import `kv-backend` of the component, over a backend. */
export function kvBackend(backend: KvBackend) {
  return {
    Bucket: class OpenBucket {
      readonly #bucket: Bucket;

      private constructor(bucket: Bucket) {
        this.#bucket = bucket;
      }

      static open(name: string): OpenBucket {
        return new OpenBucket(checkedCall('open', is.isBucket, () => backend.open(name)));
      }

      get(keys: string[], newTtlMs: bigint | undefined): Slot[] {
        return checkedCall('get', is.areSlots, () => this.#bucket.get(keys, newTtlMs));
      }

      set(entries: [string, Uint8Array][], ttlMs: bigint | undefined): void {
        checkedCall('set', is.isDone, () => this.#bucket.set(entries, ttlMs));
      }

      setIfAbsent(entries: [string, Uint8Array][], ttlMs: bigint | undefined): (Slot | undefined)[] {
        return checkedCall('set-if-absent', is.areOptionalSlots, () => this.#bucket.setIfAbsent(entries, ttlMs));
      }

      increment(key: string, delta: bigint, ttlMs: bigint | undefined): bigint {
        return checkedCall('increment', is.isSum, () => this.#bucket.increment(key, delta, ttlMs));
      }

      delete(keys: string[]): bigint {
        return checkedCall('delete', is.isCount, () => this.#bucket.delete(keys));
      }

      exists(keys: string[]): bigint {
        return checkedCall('exists', is.isCount, () => this.#bucket.exists(keys));
      }

      expire(keys: string[], ttlMs: bigint | undefined): boolean[] {
        return checkedCall('expire', is.areBooleans, () => this.#bucket.expire(keys, ttlMs));
      }

      scan(cursor: string | undefined, limit: number): Page {
        return checkedCall('scan', is.isPage, () => this.#bucket.scan(cursor, limit));
      }

      count(): bigint {
        return checkedCall('count', is.isCount, () => this.#bucket.count());
      }

      clear(): bigint {
        return checkedCall('clear', is.isCount, () => this.#bucket.clear());
      }

      changes(since: bigint | undefined): Changes {
        return checkedCall('changes', is.areChanges, () => this.#bucket.changes(since));
      }

      [Symbol.dispose](): void {
        checkedCall('close', is.isDone, () => this.#bucket.close?.());
      }
    },
  };
}

/**
 * Calls the backend and checks the result. Its errors reach the component as cases of
 * `backend-error`.
 */
function checkedCall<T>(name: string, check: is.Check, call: () => T): T {
  try {
    return is.checked(name, check, call());
  } catch (error) {
    if (error instanceof BackendError) throw error;
    // The message may contain values or a password.
    const kind = error instanceof Error ? error.constructor.name : typeof error;
    throw BackendError.other(`the backend threw an error that is not a BackendError (${kind})`);
  }
}
