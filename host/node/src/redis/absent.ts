/**
 * Where there is no Redis: browsers have no sockets.
 *
 * @module
 */
import type { Bucket, KvBackend } from '../backend/bucket.js';
import { BackendError } from '../backend/error.js';
import type { RedisOptions } from './options.js';

export type { RedisOptions } from './options.js';

/** Refuses. */
export class RedisBackend implements KvBackend {
  constructor(_: RedisOptions) {
    throw BackendError.unsupported('this host has no sockets, and so no Redis');
  }

  open(): Bucket {
    throw BackendError.unsupported('this host has no sockets, and so no Redis');
  }

  async close(): Promise<void> {}
}
