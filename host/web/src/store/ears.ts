import { Log } from './log.js';

/** What another document has done: the complete key, or `undefined` where anything may have changed. */
export type Listener = (key: string | undefined) => void;

/** Hears what other documents of the origin do to a storage, under a prefix. */
export class Ears {
  readonly log = new Log();
  readonly #prefix: string;
  readonly #listeners = new Set<Listener>();

  constructor(storage: Storage, prefix: string, events: EventTarget) {
    this.#prefix = prefix;
    events.addEventListener('storage', (event) => {
      const { storageArea, key } = event as StorageEvent;
      if (storageArea === storage) this.#hear(key);
    });
    // What happened while the page lay in the back-forward cache, or was frozen, was not told.
    events.addEventListener('pageshow', (event) => {
      if ((event as PageTransitionEvent).persisted) this.#hear(null);
    });
    events.addEventListener('resume', () => this.#hear(null), { capture: true });
  }

  /** Tells `listener` from now on; answers how to end that. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #hear(fullKey: string | null): void {
    const key = fullKey?.startsWith(this.#prefix) ? fullKey.slice(this.#prefix.length) : undefined;
    if (fullKey !== null && key === undefined) return;
    if (key === undefined) this.log.noteEverything();
    else this.log.noteKey(undefined, key);
    for (const listener of this.#listeners) listener(key);
  }
}
