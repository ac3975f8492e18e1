import type { Bucket, KvBackend } from '../backend/bucket.js';
import { BackendError } from '../backend/error.js';
import * as is from './answers.js';
import type { Changes, Page, Slot } from './types.js';

/** The interface `kv-backend` as the component imports it, over a backend. */
export function kvBackend(backend: KvBackend) {
  return {
    Bucket: class OpenBucket {
      readonly #bucket: Bucket;

      private constructor(bucket: Bucket) {
        this.#bucket = bucket;
      }

      static open(name: string): OpenBucket {
        return new OpenBucket(answer('open', is.isBucket, () => backend.open(name)));
      }

      get(keys: string[], newTtlMs: bigint | undefined): Slot[] {
        return answer('get', is.areSlots, () => this.#bucket.get(keys, newTtlMs));
      }

      set(entries: [string, Uint8Array][], ttlMs: bigint | undefined): void {
        answer('set', is.isDone, () => this.#bucket.set(entries, ttlMs));
      }

      setIfAbsent(entries: [string, Uint8Array][], ttlMs: bigint | undefined): (Slot | undefined)[] {
        return answer('set-if-absent', is.areOptionalSlots, () => this.#bucket.setIfAbsent(entries, ttlMs));
      }

      increment(key: string, delta: bigint, ttlMs: bigint | undefined): bigint {
        return answer('increment', is.isSum, () => this.#bucket.increment(key, delta, ttlMs));
      }

      delete(keys: string[]): bigint {
        return answer('delete', is.isCount, () => this.#bucket.delete(keys));
      }

      exists(keys: string[]): bigint {
        return answer('exists', is.isCount, () => this.#bucket.exists(keys));
      }

      expire(keys: string[], ttlMs: bigint | undefined): boolean[] {
        return answer('expire', is.areBooleans, () => this.#bucket.expire(keys, ttlMs));
      }

      scan(cursor: string | undefined, limit: number): Page {
        return answer('scan', is.isPage, () => this.#bucket.scan(cursor, limit));
      }

      count(): bigint {
        return answer('count', is.isCount, () => this.#bucket.count());
      }

      clear(): bigint {
        return answer('clear', is.isCount, () => this.#bucket.clear());
      }

      changes(since: bigint | undefined): Changes {
        return answer('changes', is.areChanges, () => this.#bucket.changes(since));
      }

      [Symbol.dispose](): void {
        answer('close', is.isDone, () => this.#bucket.close?.());
      }
    },
  };
}

/** What a backend answers. What it throws, the component is told as a case of `backend-error`. */
function answer<T>(name: string, check: is.Check, call: () => T): T {
  try {
    return is.checked(name, check, call());
  } catch (error) {
    if (error instanceof BackendError) throw error;
    // Its message may have values or a password in it.
    const kind = error instanceof Error ? error.constructor.name : typeof error;
    throw BackendError.other(`the backend threw what is no BackendError (${kind})`);
  }
}
