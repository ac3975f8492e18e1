import type { Bucket } from '../backend/bucket.js';
import { BackendError } from '../backend/error.js';
import type { Author } from '../backend/log.js';
import type { Changes, Page, Slot } from '../component/types.js';
import type { Channel } from './channel.js';
import type { Feed } from './feed.js';
import type { Ask } from './protocol.js';

/** The longest key or value that Redis takes: 512 MiB. */
const MAX_BYTES = 512 * 1024 * 1024;

/** One handle of a bucket. To the server, all handles of a connection are one client: they tell each other. */
export class RedisBucket implements Bucket {
  readonly #channel: Channel;
  readonly #feed: Feed;
  readonly #prefix: string;
  readonly #author: Author;

  /** @param author Whose writes these are; by default the handle's own. */
  constructor(channel: Channel, feed: Feed, prefix: string, author?: Author) {
    this.#channel = channel;
    this.#feed = feed;
    this.#prefix = prefix;
    this.#author = author ?? this;
  }

  get(keys: string[], newTtlMs: bigint | undefined): Slot[] {
    const ask: Ask = { name: 'get', keys, newTtlMs };
    return newTtlMs === undefined ? this.#ask(ask) : this.#write(ask, keys);
  }

  set(entries: [string, Uint8Array][], ttlMs: bigint | undefined): void {
    refuseLarger(entries);
    this.#write({ name: 'set', entries, ttlMs }, keysOf(entries));
  }

  setIfAbsent(entries: [string, Uint8Array][], ttlMs: bigint | undefined): (Slot | undefined)[] {
    refuseLarger(entries);
    return this.#write({ name: 'setIfAbsent', entries, ttlMs }, keysOf(entries));
  }

  increment(key: string, delta: bigint, ttlMs: bigint | undefined): bigint {
    return this.#write({ name: 'increment', key, delta, ttlMs }, [key]);
  }

  delete(keys: string[]): bigint {
    return this.#write({ name: 'delete', keys }, keys);
  }

  exists(keys: string[]): bigint {
    return this.#ask({ name: 'exists', keys });
  }

  expire(keys: string[], ttlMs: bigint | undefined): boolean[] {
    return this.#write({ name: 'expire', keys, ttlMs }, keys);
  }

  scan(cursor: string | undefined, limit: number): Page {
    return this.#ask({ name: 'scan', cursor, limit });
  }

  count(): bigint {
    return this.#ask({ name: 'count' });
  }

  clear(): bigint {
    try {
      return this.#ask({ name: 'clear' });
    } finally {
      this.#feed.log.notePrefix(this.#author, this.#prefix);
    }
  }

  changes(since: bigint | undefined): Changes {
    if (since === undefined) this.#feed.listen(this.#prefix);
    if (!this.#feed.catchUp()) throw BackendError.unavailable('Redis does not tell of changes at the moment');
    return this.#feed.log.changes(since, this.#author, this.#prefix);
  }

  #ask<T>(ask: Ask): T {
    return this.#channel.ask(this.#prefix, ask) as T;
  }

  /** What came of a write may not be known, so the others are told in any case. */
  #write<T>(ask: Ask, keys: string[]): T {
    try {
      return this.#ask(ask);
    } finally {
      for (const key of keys) this.#feed.log.noteKey(this.#author, this.#prefix + key);
    }
  }
}

function keysOf(entries: [string, Uint8Array][]): string[] {
  return entries.map(([key]) => key);
}

function refuseLarger(entries: [string, Uint8Array][]): void {
  if (entries.some(([, value]) => value.length > MAX_BYTES)) throw BackendError.tooLarge(MAX_BYTES);
}
