/// <reference lib="esnext.disposable" preserve="true" />
/**
 * A backend over a Redis server.
 *
 * @module
 */
import type { Bucket, KvBackend } from '../backend/bucket.js';
import { LogSession, type Session } from '../backend/session.js';
import { checkAddress } from './address.js';
import { RedisBucket } from './bucket.js';
import { Channel } from './channel.js';
import { Feed } from './feed.js';
import type { RedisOptions } from './options.js';

export type { RedisOptions } from './options.js';

/**
 * A Redis server as a synchronous backend. A separate thread owns the connection; callers wait for
 * it with `Atomics.wait`, no longer than the deadline.
 *
 * A command is never sent twice: after a lost connection or a timeout a write may have happened.
 */
export class RedisBackend implements KvBackend {
  readonly #channel: Channel;
  readonly #feed: Feed;
  readonly #isTracking: boolean;

  /**
   * The server need not be reachable yet.
   *
   * @throws {CacheError} `invalid-options` if the URL is not that of a Redis server.
   */
  constructor(options: RedisOptions) {
    checkAddress(options);
    this.#isTracking = options.coherence !== 'off';
    this.#channel = new Channel(options);
    this.#feed = new Feed(this.#channel, this.#isTracking);
  }

  open(name: string): Bucket {
    return new RedisBucket(this.#channel, this.#feed, `${name}:`);
  }

  session(): Session {
    const [channel, feed, isTracking] = [this.#channel, this.#feed, this.#isTracking];
    return new LogSession({
      log: feed.log,
      isTracked: isTracking,
      open: (name, author) => new RedisBucket(channel, feed, `${name}:`, author),
      subscribe: (name) => {
        if (isTracking) feed.subscribe(`${name}:`);
      },
      catchUp: () => feed.catchUp() || !isTracking,
    });
  }

  /** Closes the connection and ends its thread. */
  close(): Promise<void> {
    return this.#channel.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
