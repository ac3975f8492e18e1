/**
 * A backend in this process's memory, for tests and for programs without a server.
 *
 * @module
 */
import type { Bucket, KvBackend } from '../backend/bucket.js';
import { ChangeLog } from '../backend/log.js';
import { LogSession, type Session } from '../backend/session.js';
import { type Clock, monotonicNow } from '../component/clock.js';
import { MemoryBucket } from './bucket.js';
import { Rows } from './rows.js';

/** The limit of Redis: 512 MiB. */
const MAX_BYTES = 512 * 1024 * 1024;

export interface MemoryOptions {
  /**
   * The clock by which entries expire: nanoseconds since some fixed moment. By default it includes
   * the time asleep.
   */
  now?: Clock;
  /** The longest key or value, in bytes. By default 512 MiB, as in Redis. */
  maxBytes?: number;
}

/**
 * A backend in memory. Buckets with one name share their keys; each handle gets the changes of the
 * others.
 *
 * A call costs O(1) per key, and O(log n) for each entry that has expired since the last call;
 * `scan`, `count` and `clear` visit every key of the backend.
 */
export class MemoryBackend implements KvBackend {
  readonly #shared;

  constructor(options: MemoryOptions = {}) {
    this.#shared = {
      rows: new Rows(),
      log: new ChangeLog(),
      now: options.now ?? monotonicNow,
      maxBytes: options.maxBytes ?? MAX_BYTES,
    };
  }

  open(name: string): Bucket {
    return new MemoryBucket(this.#shared, `${name}:`);
  }

  session(): Session {
    return new LogSession({
      log: this.#shared.log,
      isTracked: true,
      open: (name, author) => new MemoryBucket(this.#shared, `${name}:`, author),
      subscribe: () => {},
      catchUp: () => true,
    });
  }
}
