/**
 * A shared tier over `localStorage`: it outlives the page, and all tabs of the origin have it.
 *
 * @module
 */
import { BackendError, type Bucket, type KvBackend } from 'flipcache/component';

import { LocalStorageBucket } from './bucket.js';
import { Ears, type Listener } from './ears.js';
import { Rows } from './rows.js';

export { MAX_BYTES } from './bucket.js';
export { browserClock } from './clock.js';
export { format, parse, type Row } from './form.js';
export type { Listener } from './ears.js';

export interface LocalStorageOptions {
  /** Another storage than `window.localStorage`. */
  storage?: Storage;
  /** What all keys begin with. By default `flipcache:`. */
  prefix?: string;
  /** Milliseconds since the Unix epoch, by which entries expire in all tabs. By default `Date.now`. */
  now?: () => number;
  /** Where `storage` events arrive. By default the window. */
  events?: EventTarget;
}

/**
 * Buckets in `localStorage`: the key `k` of the bucket `name` stands at `PREFIX name:k`, without the space.
 *
 * Tabs share it without a lock. What one tab does is done before its call returns; whether another tab that
 * runs at the same time in another process sees it at once is for the browser to say, so that two tabs that
 * `increment` or `setIfAbsent` one key at once may both believe that they came first.
 */
export class LocalStorageBackend implements KvBackend {
  readonly #rows: Rows;
  readonly #ears: Ears;

  /** @throws {BackendError} `access-denied` if the browser does not let the page have a `localStorage`. */
  constructor(options: LocalStorageOptions = {}) {
    const storage = options.storage ?? ownStorage();
    const prefix = options.prefix ?? 'flipcache:';
    this.#rows = new Rows(storage, prefix, options.now ?? Date.now);
    this.#ears = earsOf(storage, prefix, options.events ?? globalThis);
  }

  open(name: string): Bucket {
    return new LocalStorageBucket(this.#rows, this.#ears.log, name);
  }

  /**
   * Tells `listener` what other tabs change, by complete key (`name:k`), for `coherence.invalidate`;
   * `undefined`: anything may have changed. Answers how to end that.
   */
  listen(listener: Listener): () => void {
    return this.#ears.listen(listener);
  }

  /** Removes what has expired; answers how many. What another tab writes meanwhile may go with it. */
  sweep(): number {
    return this.#rows.sweep(this.#rows.now());
  }
}

/** Backends over one storage and prefix hear of each other, which no `storage` event tells. */
const EARS = new WeakMap<Storage, Map<string, Ears>>();

function earsOf(storage: Storage, prefix: string, events: EventTarget): Ears {
  const ofStorage = EARS.get(storage) ?? new Map<string, Ears>();
  EARS.set(storage, ofStorage);
  const ears = ofStorage.get(prefix) ?? new Ears(storage, prefix, events);
  ofStorage.set(prefix, ears);
  return ears;
}

function ownStorage(): Storage {
  try {
    // Node has none, a browser that blocks it throws, and some have answered null.
    const storage: Storage | null | undefined = globalThis.localStorage;
    if (storage) return storage;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
  throw BackendError.accessDenied('the browser does not let this page have a localStorage');
}
