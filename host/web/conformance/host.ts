import { BackendError, type BackendErrorCase, DIGEST, instantiate } from 'flipcache/component';

import { record } from '../../../tests/conformance/js/index.js';
import type { Host } from '../../../tests/conformance/js/world.js';
import { LocalStorageBackend, format, parse } from '../src/store/index.js';

const PREFIX = 'flipcache:';

/** A browser over its `localStorage`. The suite moves both clocks; the other client is another document. */
export function browserHost(document: Document): Host {
  const frame = document.createElement('iframe');
  document.body.append(frame);
  return {
    name: 'Browser',
    store: 'localStorage',
    digest: DIGEST,
    has: [
      'clock',
      'external-writes',
      'wrong-type',
      'faults',
      'coherence',
      'changes',
      'set-if-absent',
      'increment',
      'expire',
      'extend-ttl',
    ],
    async open() {
      localStorage.clear();
      let elapsedMs = 1_000n;
      const wall = () => 1_700_000_000_000 + Number(elapsedMs);
      const backend = new LocalStorageBackend({ prefix: PREFIX, now: wall });
      const recorder = record(backend, (error) => BackendError.of(error as BackendErrorCase));
      return {
        exports: await instantiate({ backend: recorder.backend, now: () => elapsedMs * 1_000_000n }),
        takeCalls: recorder.takeCalls,
        fail: recorder.fail,
        wait(ms: number) {
          elapsedMs += BigInt(ms);
        },
        store: new OtherDocument(frame, wall),
      };
    },
  };
}

/** Another document of the origin. Its writes resolve once this document has received their events. */
class OtherDocument {
  readonly #frame: HTMLIFrameElement;
  readonly #now: () => number;

  constructor(frame: HTMLIFrameElement, now: () => number) {
    this.#frame = frame;
    this.#now = now;
  }

  set(key: string, value: Uint8Array, ttlMs: bigint | undefined): Promise<void> {
    const deadline = ttlMs === undefined ? undefined : BigInt(this.#now()) + ttlMs;
    return this.#put(key, format({ value, deadline }));
  }

  spoil(key: string): Promise<void> {
    return this.#put(key, 'not a cache entry');
  }

  async delete(key: string): Promise<void> {
    if (this.#storage.getItem(PREFIX + key) === null) return;
    const received = storageEvent(PREFIX + key);
    this.#storage.removeItem(PREFIX + key);
    await received;
  }

  get(key: string): Uint8Array | undefined {
    const row = parse(this.#storage.getItem(PREFIX + key) ?? '');
    return row && (row.deadline === undefined || row.deadline > this.#now()) ? row.value : undefined;
  }

  async #put(key: string, text: string): Promise<void> {
    // The browser fires no event if the value is unchanged.
    if (this.#storage.getItem(PREFIX + key) === text) return;
    const received = storageEvent(PREFIX + key);
    this.#storage.setItem(PREFIX + key, text);
    await received;
  }

  get #storage(): Storage {
    const storage = this.#frame.contentWindow?.localStorage;
    if (storage === undefined) throw new Error('the page has no frame');
    return storage;
  }
}

/** Resolves when this document receives the storage event of a key. */
function storageEvent(key: string): Promise<void> {
  return new Promise((resolve) => {
    const onStorage = (event: StorageEvent) => {
      if (event.key !== key) return;
      removeEventListener('storage', onStorage);
      resolve();
    };
    addEventListener('storage', onStorage);
  });
}
