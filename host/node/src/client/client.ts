/// <reference lib="esnext.disposable" preserve="true" />
import type { KvBackend } from '../backend/bucket.js';
import { BackendError } from '../backend/error.js';
import type { Session } from '../backend/session.js';
import type { Clock } from '../component/clock.js';
import { type Component, instantiate } from '../component/instantiate.js';
import type { FlipCache, KeyType, ValueType } from '../component/types.js';
import { type BackendOptions, type OpenBackend, openBackend } from './backend.js';
import { Cache } from './cache.js';
import { FifoDict, LruDict } from './dict.js';
import { CacheError, InstanceError, fromComponent } from './errors.js';
import { type CacheOptions, toComponentOptions, wholeNumber } from './options.js';
import type { Given, Types } from './values.js';

/** The backend of the caches: an object or a URL. */
export type ConnectOptions = { now?: Clock } & (
  | { backend: KvBackend; url?: undefined }
  | ({ url: string; backend?: undefined } & BackendOptions)
);

/**
 * Whether changes in the backend reach the local tiers: `live`, they do; `lost`, they do not at the
 * moment, and the local tiers serve nothing, or stale entries where `staleOnErrorMs` allows it;
 * `untracked`, the backend does not report changes, and the local tiers serve entries until they
 * expire.
 */
export type InvalidationStatus = 'live' | 'lost' | 'untracked';

/**
 * Opens a client of a `backend` object, or of the backend that a `url` names (`redis://HOST`,
 * `memory:`). The server need not be reachable yet.
 *
 * @throws {CacheError} `invalid-options` if this host does not support the URL.
 */
export async function connect(options: ConnectOptions): Promise<Client> {
  const opened = await openBackend(options);
  try {
    const session = opened.backend.session?.();
    const { now } = options;
    const component = await instantiate({ backend: session ?? opened.backend, ...(now && { now }) });
    return new Client(component, session, opened);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/**
 * An instance of the component over a backend. Its caches see each other's writes at once. A second
 * client is like another process: its writes invalidate entries if the backend reports them, as
 * Redis and memory do.
 */
export class Client {
  readonly #component: Component;
  readonly #session: Session | undefined;
  readonly #opened: OpenBackend;
  readonly #names = new Set<string>();
  #isSuspended = false;
  #isClosed = false;

  /** @internal */
  constructor(component: Component, session: Session | undefined, opened: OpenBackend) {
    this.#component = component;
    this.#session = session;
    this.#opened = opened;
  }

  /**
   * Opens a cache; bounds and eviction of the last call apply. If the backend reports changes,
   * first subscribes to those of this name, in one round trip. If the backend is unreachable, the
   * local tier serves nothing until it can be reached.
   *
   * The options give the types of keys and values. For JSON, the type can be given explicitly:
   * `client.cache<'json', 'text', User>('user', { valueType: 'json' })`.
   *
   * @throws {CacheError} if the name or the options are invalid, or the cache is open with other types.
   */
  cache<T extends ValueType = 'text', K extends KeyType = 'text', V extends Types[T] = Types[T]>(
    name: string,
    options: CacheOptions<T, K, Given<T, V>> = {},
  ): Cache<V, T, K> {
    if (this.#isClosed) throw new InstanceError('closed');
    if (typeof name !== 'string') throw new CacheError('invalid-name', 'a name must be a string');
    const [given, resilience] = toComponentOptions(options);
    let handle;
    try {
      handle = this.#component.cache.FlipCache.openWith(name, given, resilience);
    } catch (error) {
      throw fromComponent(error);
    }
    try {
      this.#subscribe(name);
    } catch (error) {
      (handle as FlipCache & Partial<Disposable>)[Symbol.dispose]?.();
      throw error;
    }
    const owner = { catchUp: () => this.#catchUp() };
    return new Cache<V, T, K>(owner, handle, name, given.keyType as K, given.valueType as T);
  }

  /** Opens a dictionary of at most `maxItems`, which evicts in insertion order. */
  fifoDict<V>(maxItems: number): FifoDict<V> {
    return new FifoDict<V>(this.#openDict('fifo', maxItems));
  }

  /** Opens a dictionary of at most `maxItems`, which evicts the least recently used item. */
  lruDict<V>(maxItems: number): LruDict<V> {
    return new LruDict<V>(this.#openDict('lru', maxItems));
  }

  /**
   * Whether changes in the backend reach the local tiers at the moment; `lost` once the client is
   * closed.
   */
  get invalidationStatus(): InvalidationStatus {
    if (!this.#isClosed) this.#catchUp();
    if (this.#isSuspended || this.#isClosed) return 'lost';
    return this.#session === undefined || this.#session.isTracked === false ? 'untracked' : 'live';
  }

  /**
   * Closes the client, and its backend if that was opened by a URL. Calls of its caches throw from
   * then on.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#opened.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  [Symbol.dispose](): void {
    void this.close();
  }

  #openDict(order: 'fifo' | 'lru', maxItems: number) {
    if (this.#isClosed) throw new InstanceError('closed');
    try {
      return this.#component.collections.Dict.open(order, wholeNumber('maxItems', maxItems, 0xffff_ffff));
    } catch (error) {
      throw fromComponent(error);
    }
  }

  #subscribe(name: string): void {
    if (this.#session === undefined || this.#names.has(name)) return;
    try {
      this.#session.subscribe(name);
    } catch (error) {
      // The backend subscribes when it can be reached. Until then the local tier is suspended.
      const isUnreachable = error instanceof BackendError && (error.code === 'unavailable' || error.code === 'timeout');
      if (!isUnreachable) throw error;
    }
    this.#names.add(name);
  }

  /** Applies the pending changes of other clients; runs before every call of a cache. */
  #catchUp(): void {
    if (this.#isClosed) throw new InstanceError('closed');
    if (this.#session === undefined) return;
    const update = this.#session.take();
    if (update === 'none' && !this.#isSuspended) return;
    const { coherence } = this.#component;
    if (update === 'lost') {
      if (!this.#isSuspended) coherence.suspend();
      this.#isSuspended = true;
      return;
    }
    // `resume` flushes the entries from before the loss.
    if (this.#isSuspended) coherence.resume();
    this.#isSuspended = false;
    if (update === 'all') coherence.invalidateAll();
    else if (update !== 'none') this.#invalidate(update.keys);
  }

  #invalidate(keys: string[]): void {
    for (const key of keys) {
      // Names nest, and the component invalidates the complete key in all caches: any split at a
      // colon will do.
      const colon = key.indexOf(':');
      if (colon >= 0) this.#component.coherence.invalidate(key.slice(0, colon), [key.slice(colon + 1)]);
    }
  }
}
