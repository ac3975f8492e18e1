import type { KvBackend } from '../backend/bucket.js';
import { MemoryBackend } from '../memory/index.js';
import { CacheError } from './errors.js';
import type { RedisOptions } from '#redis';

/** The options of a backend that is opened by a URL. */
export type BackendOptions = Omit<RedisOptions, 'url'>;

/** A backend, with a function that closes it if it was opened here. */
export interface OpenBackend {
  readonly backend: KvBackend;
  close(): Promise<void>;
}

/** Opens the backend that the options name. */
export async function openBackend(
  options: { backend?: KvBackend | undefined; url?: string | undefined } & BackendOptions,
): Promise<OpenBackend> {
  const { backend, url } = options;
  if (backend !== undefined) return { backend, close: async () => {} };
  if (url === undefined) throw new CacheError('invalid-options', 'connect needs a backend or a url');
  if (url === 'memory:') return { backend: new MemoryBackend(), close: async () => {} };
  const { RedisBackend } = await import('#redis');
  const redis = new RedisBackend({ ...options, url });
  return { backend: redis, close: () => redis.close() };
}
