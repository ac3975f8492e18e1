/**
 * A store in this process's memory: for tests, and for programs that want no other.
 *
 * @module
 */
import type { Bucket, KvBackend } from '../backend/bucket.js';
import { ChangeLog } from '../backend/log.js';
import { LogSession, type Session } from '../backend/session.js';
import { type Clock, monotonicNow } from '../component/clock.js';
import { MemoryBucket } from './bucket.js';
import { Rows } from './rows.js';

/** What Redis takes: 512 MiB. */
const MAX_BYTES = 512 * 1024 * 1024;

export interface MemoryOptions {
  /** The clock by which entries expire: nanoseconds since some fixed moment. By default the time asleep counts. */
  now?: Clock;
  /** The longest key or value that the store takes, in bytes. By default 512 MiB, as Redis. */
  maxBytes?: number;
}

/**
 * A store that lives as long as the object does. Buckets of one name are the same keys, whoever opened them;
 * each handle is told what others have changed.
 *
 * A call costs O(1) a key, and O(log n) for each entry that has expired since the last one; `scan`, `count` and
 * `clear` look at every key of the store.
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
      open: (name, author) => new MemoryBucket(this.#shared, `${name}:`, author),
      listen: () => {},
      catchUp: () => true,
    });
  }
}
