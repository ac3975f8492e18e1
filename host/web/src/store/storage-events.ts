import { Log } from './log.js';

/**
 * Receives the complete key that another document changed, or `undefined` if any key may have
 * changed.
 */
export type Listener = (key: string | undefined) => void;

/** Receives the `storage` events of one storage and logs the changed keys under a prefix. */
export class StorageEvents {
  readonly log = new Log();
  readonly #prefix: string;
  readonly #listeners = new Set<Listener>();

  constructor(storage: Storage, prefix: string, events: EventTarget) {
    this.#prefix = prefix;
    events.addEventListener('storage', (event) => {
      const { storageArea, key } = event as StorageEvent;
      if (storageArea === storage) this.#onChange(key);
    });
    // No events arrive while the page is in the back-forward cache or frozen.
    events.addEventListener('pageshow', (event) => {
      if ((event as PageTransitionEvent).persisted) this.#onChange(null);
    });
    events.addEventListener('resume', () => this.#onChange(null), { capture: true });
  }

  /** Calls `listener` for each change from now on. Returns a function that unsubscribes it. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #onChange(fullKey: string | null): void {
    const key = fullKey?.startsWith(this.#prefix) ? fullKey.slice(this.#prefix.length) : undefined;
    if (fullKey !== null && key === undefined) return;
    if (key === undefined) this.log.noteEverything();
    else this.log.noteKey(undefined, key);
    for (const listener of this.#listeners) listener(key);
  }
}
