/**
 * A backend over `localStorage`. It outlives the page and is shared by all tabs of the origin.
 *
 * @module
 */
import { BackendError, type Bucket, type KvBackend } from 'flipcache/component';

import { LocalStorageBucket } from './bucket.js';
import { Rows } from './rows.js';
import { type Listener, StorageEvents } from './storage-events.js';

export { MAX_BYTES } from './bucket.js';
export { browserClock } from './clock.js';
export { format, parse, type Row } from './entry-format.js';
export type { Listener } from './storage-events.js';

export interface LocalStorageOptions {
  /** The storage. By default `window.localStorage`. */
  storage?: Storage;
  /** The prefix of all keys. By default `flipcache:`. */
  prefix?: string;
  /**
   * Returns milliseconds since the Unix epoch; entries expire by it in all tabs. By default
   * `Date.now`.
   */
  now?: () => number;
  /** The target of `storage` events. By default the window. */
  events?: EventTarget;
}

/**
 * Buckets in `localStorage`: the key `k` of the bucket `name` is stored at `PREFIX name:k`, without
 * the space.
 *
 * Tabs share it without a lock. A write is done when its call returns, but the browser decides when
 * a tab in another process sees it. If two tabs `increment` or `setIfAbsent` one key at once, both
 * may act on the same old value.
 */
export class LocalStorageBackend implements KvBackend {
  readonly #rows: Rows;
  readonly #events: StorageEvents;

  /** @throws {BackendError} `access-denied` if the browser denies the page a `localStorage`. */
  constructor(options: LocalStorageOptions = {}) {
    const storage = options.storage ?? ownStorage();
    const prefix = options.prefix ?? 'flipcache:';
    this.#rows = new Rows(storage, prefix, options.now ?? Date.now);
    this.#events = eventsOf(storage, prefix, options.events ?? globalThis);
  }

  open(name: string): Bucket {
    return new LocalStorageBucket(this.#rows, this.#events.log, name);
  }

  /**
   * Calls `listener` with each complete key (`name:k`) that another tab changes, for
   * `coherence.invalidate`, or with `undefined` if any key may have changed. Returns a function
   * that unsubscribes it.
   */
  listen(listener: Listener): () => void {
    return this.#events.listen(listener);
  }

  /**
   * Removes expired entries and returns how many. An entry that another tab writes meanwhile may be
   * removed too.
   */
  sweep(): number {
    return this.#rows.sweep(this.#rows.now());
  }
}

/**
 * Backends over one storage and prefix share a log: the browser fires no `storage` events in its
 * own page.
 */
const EVENTS = new WeakMap<Storage, Map<string, StorageEvents>>();

function eventsOf(storage: Storage, prefix: string, target: EventTarget): StorageEvents {
  const ofStorage = EVENTS.get(storage) ?? new Map<string, StorageEvents>();
  EVENTS.set(storage, ofStorage);
  const events = ofStorage.get(prefix) ?? new StorageEvents(storage, prefix, target);
  ofStorage.set(prefix, events);
  return events;
}

function ownStorage(): Storage {
  try {
    // Node has none, browsers that block it throw, and some have returned null.
    const storage: Storage | null | undefined = globalThis.localStorage;
    if (storage) return storage;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
  throw BackendError.accessDenied('the browser denies this page a localStorage');
}
