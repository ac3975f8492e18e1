import type { Bucket } from '../backend/bucket.js';
import { BackendError } from '../backend/error.js';
import type { Author } from '../backend/log.js';
import type { Changes, Page, Slot } from '../component/types.js';
import type { Channel } from './channel.js';
import type { Feed } from './feed.js';
import type { Request } from './protocol.js';

/** The longest key or value of Redis: 512 MiB. */
const MAX_BYTES = 512 * 1024 * 1024;

/**
 * A handle to a bucket. To the server, all handles of a connection are one client, so that they
 * report their writes to each other here.
 */
export class RedisBucket implements Bucket {
  readonly #channel: Channel;
  readonly #feed: Feed;
  readonly #prefix: string;
  readonly #author: Author;

  /** @param author Identifies the writer; by default this handle. */
  constructor(channel: Channel, feed: Feed, prefix: string, author?: Author) {
    this.#channel = channel;
    this.#feed = feed;
    this.#prefix = prefix;
    this.#author = author ?? this;
  }

  get(keys: string[], newTtlMs: bigint | undefined): Slot[] {
    const request: Request = { name: 'get', keys, newTtlMs };
    return newTtlMs === undefined ? this.#call(request) : this.#write(request, keys);
  }

  set(entries: [string, Uint8Array][], ttlMs: bigint | undefined): void {
    checkLengths(entries);
    this.#write({ name: 'set', entries, ttlMs }, keysOf(entries));
  }

  setIfAbsent(entries: [string, Uint8Array][], ttlMs: bigint | undefined): (Slot | undefined)[] {
    checkLengths(entries);
    return this.#write({ name: 'setIfAbsent', entries, ttlMs }, keysOf(entries));
  }

  increment(key: string, delta: bigint, ttlMs: bigint | undefined): bigint {
    return this.#write({ name: 'increment', key, delta, ttlMs }, [key]);
  }

  delete(keys: string[]): bigint {
    return this.#write({ name: 'delete', keys }, keys);
  }

  exists(keys: string[]): bigint {
    return this.#call({ name: 'exists', keys });
  }

  expire(keys: string[], ttlMs: bigint | undefined): boolean[] {
    return this.#write({ name: 'expire', keys, ttlMs }, keys);
  }

  scan(cursor: string | undefined, limit: number): Page {
    return this.#call({ name: 'scan', cursor, limit });
  }

  count(): bigint {
    return this.#call({ name: 'count' });
  }

  clear(): bigint {
    try {
      return this.#call({ name: 'clear' });
    } finally {
      this.#feed.log.notePrefix(this.#author, this.#prefix);
    }
  }

  changes(since: bigint | undefined): Changes {
    if (since === undefined) this.#feed.subscribe(this.#prefix);
    if (!this.#feed.catchUp()) throw BackendError.unavailable('change tracking is lost');
    return this.#feed.log.changes(since, this.#author, this.#prefix);
  }

  #call<T>(request: Request): T {
    return this.#channel.call(this.#prefix, request) as T;
  }

  /**
   * Reports the write to the other handles even if it fails, because its outcome may be unknown.
   */
  #write<T>(request: Request, keys: string[]): T {
    try {
      return this.#call(request);
    } finally {
      for (const key of keys) this.#feed.log.noteKey(this.#author, this.#prefix + key);
    }
  }
}

function keysOf(entries: [string, Uint8Array][]): string[] {
  return entries.map(([key]) => key);
}

function checkLengths(entries: [string, Uint8Array][]): void {
  if (entries.some(([, value]) => value.length > MAX_BYTES)) throw BackendError.tooLarge(MAX_BYTES);
}
