import type { Bucket, KvBackend } from './bucket.js';
import type { Author, ChangeLog } from './log.js';

/**
 * The changes of other clients: none, these complete keys, possibly all keys, or unknown because
 * tracking is lost.
 */
export type FeedUpdate = 'none' | { keys: string[] } | 'all' | 'lost';

/**
 * A client of a backend that gets the changes of the others. Its own writes, through any of its
 * buckets, are omitted.
 */
export interface Session extends KvBackend {
  /** `false` if the backend does not track the changes of other processes. By default `true`. */
  readonly isTracked?: boolean;

  /**
   * Subscribes to changes in the bucket `name`; returns once they are tracked. Until then no entry
   * of that bucket may be cached.
   */
  subscribe(name: string): void;

  /** Returns the changes of others since the last call. Costs almost nothing if there are none. */
  take(): FeedUpdate;
}

/** The parts of a session that depend on the backend. */
export interface SessionSource {
  readonly log: ChangeLog;
  readonly isTracked: boolean;
  /** Opens a bucket whose writes are attributed to `author`. */
  open(name: string, author: Author): Bucket;
  subscribe(name: string): void;
  /** Records pending changes in the log. Returns `false` while tracking is lost. */
  catchUp(): boolean;
}

/** A session over a log of changes. */
export class LogSession implements Session {
  readonly isTracked: boolean;
  readonly #source: SessionSource;
  #taken: number;

  constructor(source: SessionSource) {
    this.isTracked = source.isTracked;
    this.#source = source;
    this.#taken = source.log.end;
  }

  open(name: string): Bucket {
    return this.#source.open(name, this);
  }

  subscribe(name: string): void {
    this.#source.subscribe(name);
  }

  take(): FeedUpdate {
    const { log } = this.#source;
    if (!this.#source.catchUp()) return 'lost';
    const end = log.end;
    if (end === this.#taken) return 'none';
    const keys = log.keysSince(this.#taken, this, '');
    this.#taken = end;
    if (keys === undefined) return 'all';
    return keys.length === 0 ? 'none' : { keys };
  }
}
