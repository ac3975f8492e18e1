import type { Bucket, KvBackend } from './bucket.js';
import type { Author, ChangeLog } from './log.js';

/**
 * What others have changed: nothing; these complete keys; possibly everything; or nobody knows, because the store
 * does not tell at the moment.
 */
export type Heard = 'nothing' | { keys: string[] } | 'everything' | 'deaf';

/**
 * One user of a store, who is told what the others change. Its own writes, through whichever of its buckets, are
 * left out.
 */
export interface Session extends KvBackend {
  /**
   * Has the store tell of changes in the bucket `name`; returns once it does. Until then nothing of that bucket may
   * be kept.
   */
  listen(name: string): void;

  /** What others have changed since this was last asked. Costs next to nothing if that is nothing. */
  take(): Heard;
}

/** What a session is made of: how its buckets are opened, and how the log is brought up to date. */
export interface SessionSource {
  readonly log: ChangeLog;
  /** Opens a bucket whose writes are told to be the author's. */
  open(name: string, author: Author): Bucket;
  listen(name: string): void;
  /** Notes in the log what has been heard; `false`: the store does not tell at the moment. */
  catchUp(): boolean;
}

/** A session over a log of changes. */
export class LogSession implements Session {
  readonly #source: SessionSource;
  #taken: number;

  constructor(source: SessionSource) {
    this.#source = source;
    this.#taken = source.log.end;
  }

  open(name: string): Bucket {
    return this.#source.open(name, this);
  }

  listen(name: string): void {
    this.#source.listen(name);
  }

  take(): Heard {
    const { log } = this.#source;
    if (!this.#source.catchUp()) return 'deaf';
    const end = log.end;
    if (end === this.#taken) return 'nothing';
    const keys = log.keysSince(this.#taken, this, '');
    this.#taken = end;
    if (keys === undefined) return 'everything';
    return keys.length === 0 ? 'nothing' : { keys };
  }
}
