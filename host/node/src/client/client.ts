/// <reference lib="esnext.disposable" preserve="true" />
import type { KvBackend } from '../backend/bucket.js';
import { BackendError } from '../backend/error.js';
import type { Session } from '../backend/session.js';
import type { Clock } from '../component/clock.js';
import { type Component, instantiate } from '../component/instantiate.js';
import type { FlipCache, KeyType, ValueType } from '../component/types.js';
import { Cache } from './cache.js';
import { FifoDict, LruDict } from './dict.js';
import { CacheError, InstanceError, fromComponent } from './errors.js';
import { type CacheOptions, toComponentOptions, wholeNumber } from './options.js';
import { type OpenBackend, type StoreOptions, openBackend } from './store.js';
import type { Given, Types } from './values.js';

/** Which store the caches are over: one of these. */
export type ConnectOptions = { now?: Clock } & (
  | { backend: KvBackend; url?: undefined }
  | ({ url: string; backend?: undefined } & StoreOptions)
);

/**
 * A client of a store: of a `backend`, or of the one that a `url` names (`redis://HOST`, `memory:`). A server need
 * not be there yet.
 *
 * @throws {CacheError} `invalid-options` if the URL names no store that this host has.
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
 * An instance of the component over a store. Its caches see each other's writes at once. A second client is to them
 * as another process is: what it writes is heard if the store tells of it, as Redis and memory do.
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
   * Opens a cache; of bounds and eviction the last opening counts. Where the store tells of changes, it is first
   * asked to tell of this name's: one round trip. It need not be there: then the local tier answers nothing yet.
   *
   * The types of keys and values are those that the options name. What JSON holds the program may say:
   * `client.cache<'json', 'text', User>('user', { valueType: 'json' })`.
   *
   * @throws {CacheError} if the name or the options are not valid, or the cache is open with other types.
   */
  cache<T extends ValueType = 'text', K extends KeyType = 'text', V extends Types[T] = Types[T]>(
    name: string,
    options: CacheOptions<T, K, Given<T, V>> = {},
  ): Cache<V, T, K> {
    if (this.#isClosed) throw new InstanceError('closed');
    if (typeof name !== 'string') throw new CacheError('invalid-name', 'a name is a string');
    const [given, resilience] = toComponentOptions(options);
    let handle;
    try {
      handle = this.#component.cache.FlipCache.openWith(name, given, resilience);
    } catch (error) {
      throw fromComponent(error);
    }
    try {
      this.#listen(name);
    } catch (error) {
      (handle as FlipCache & Partial<Disposable>)[Symbol.dispose]?.();
      throw error;
    }
    const owner = { catchUp: () => this.#catchUp() };
    return new Cache<V, T, K>(owner, handle, name, given.keyType as K, given.valueType as T);
  }

  /** A dictionary of at most `maxItems`, which evicts in the order of insertion. */
  fifoDict<V>(maxItems: number): FifoDict<V> {
    return new FifoDict<V>(this.#openDict('fifo', maxItems));
  }

  /** A dictionary of at most `maxItems`, which evicts the least recently used. */
  lruDict<V>(maxItems: number): LruDict<V> {
    return new LruDict<V>(this.#openDict('lru', maxItems));
  }

  /** Whether the local tiers answer: `false` while the store does not tell of changes. */
  get isHearing(): boolean {
    if (!this.#isClosed) this.#catchUp();
    return !this.#isSuspended && !this.#isClosed;
  }

  /** Ends the client, and the connection if it made it by a URL. Its caches answer nothing more. */
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

  #listen(name: string): void {
    if (this.#session === undefined || this.#names.has(name)) return;
    try {
      this.#session.listen(name);
    } catch (error) {
      // It will listen when it is there. Until then it is deaf, and the local tier answers nothing.
      const isAbsent = error instanceof BackendError && (error.code === 'unavailable' || error.code === 'timeout');
      if (!isAbsent) throw error;
    }
    this.#names.add(name);
  }

  /** Precedes every call of a cache: the local tiers are told what others have changed. */
  #catchUp(): void {
    if (this.#isClosed) throw new InstanceError('closed');
    if (this.#session === undefined) return;
    const heard = this.#session.take();
    if (heard === 'nothing' && !this.#isSuspended) return;
    const { coherence } = this.#component;
    if (heard === 'deaf') {
      if (!this.#isSuspended) coherence.suspend();
      this.#isSuspended = true;
      return;
    }
    // What was kept before it was deaf is void from then on.
    if (this.#isSuspended) coherence.resume();
    this.#isSuspended = false;
    if (heard === 'everything') coherence.invalidateAll();
    else if (heard !== 'nothing') this.#invalidate(heard.keys);
  }

  #invalidate(keys: string[]): void {
    for (const key of keys) {
      // Names nest, and the component drops the complete key in all caches: any cut that leaves a name will do.
      const colon = key.indexOf(':');
      if (colon >= 0) this.#component.coherence.invalidate(key.slice(0, colon), [key.slice(colon + 1)]);
    }
  }
}
