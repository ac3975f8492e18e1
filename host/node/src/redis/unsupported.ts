/**
 * The Redis backend for hosts without sockets, such as browsers.
 *
 * @module
 */
import type { Bucket, KvBackend } from '../backend/bucket.js';
import { BackendError } from '../backend/error.js';
import type { RedisOptions } from './options.js';

export type { RedisOptions } from './options.js';

/** Throws `unsupported`. */
export class RedisBackend implements KvBackend {
  constructor(_: RedisOptions) {
    throw BackendError.unsupported('Redis is not supported: this host has no sockets');
  }

  open(): Bucket {
    throw BackendError.unsupported('Redis is not supported: this host has no sockets');
  }

  async close(): Promise<void> {}
}
