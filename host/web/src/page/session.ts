import { type Component, type FlipCache, type Stats, instantiate } from 'flipcache/component';

import { type LocalStorageBackend, browserClock } from '../store/index.js';
import { type Tier, changesBetween } from './changes.js';
import { type Entry, localEntries, lookAtTier, storedEntries } from './look.js';
import { Recorder } from './recorder.js';
import type { Answer, Deed, Report } from './report.js';
import { type Settings, optionsOf, resilienceOf } from './settings.js';

/** One instance of the component and one cache in it, over `localStorage`. */
export class Session {
  readonly #backend: LocalStorageBackend;
  readonly #recorder: Recorder;
  readonly #listeners = new Set<(report: Report) => void>();
  #component: Component;
  #settings: Settings;
  #handles: Handles;
  /** The last look at the local tier. */
  #seen: Tier;
  /** What the store held at the last look, and until when. */
  #stored: Map<string, number>;

  private constructor(backend: LocalStorageBackend, recorder: Recorder, component: Component, settings: Settings) {
    this.#backend = backend;
    this.#recorder = recorder;
    this.#component = component;
    this.#settings = settings;
    this.#handles = open(component, settings);
    this.#seen = lookAtTier(this.#handles.viewer);
    this.#stored = this.#deadlines();
    backend.listen((key) => this.#hear(key));
  }

  static async start(backend: LocalStorageBackend, settings: Settings): Promise<Session> {
    const recorder = new Recorder(backend);
    return new Session(backend, recorder, await instance(recorder), settings);
  }

  get settings(): Settings {
    return this.#settings;
  }

  /** Tells `listener` what happens from now on. */
  listen(listener: (report: Report) => void): void {
    this.#listeners.add(listener);
  }

  local(): Entry[] {
    return localEntries(this.#handles.viewer);
  }

  stored(): Entry[] {
    return storedEntries(this.#backend, this.#settings.name);
  }

  stats(): Stats {
    return this.#handles.viewer.stats();
  }

  get(key: string): Report {
    return this.#perform({ kind: 'get', key }, ({ cache }) => {
      const { value, source } = cache.getDetailed(key);
      return { value: value?.tag === 'text' ? value.val : undefined, source };
    });
  }

  set(key: string, value: string): Report {
    return this.#perform({ kind: 'set', key, value }, ({ cache }) => {
      cache.set(key, { tag: 'text', val: value }, { tag: 'inherit' });
      return {};
    });
  }

  delete(key: string): Report {
    return this.#perform({ kind: 'delete', key }, ({ cache }) => ({
      deleted: cache.delete(key) ? 1n : 0n,
    }));
  }

  /** Empties both tiers of the cache. */
  clear(): Report {
    return this.#perform({ kind: 'clear' }, ({ cache }) => ({ deleted: cache.clear() }));
  }

  /** Opens the cache anew. If that is refused, it stays open as it was. */
  apply(settings: Settings): Report {
    return this.#perform({ kind: 'apply', settings }, () => {
      close(this.#handles);
      try {
        this.#handles = open(this.#component, settings);
      } catch (error) {
        this.#handles = open(this.#component, this.#settings);
        throw error;
      }
      this.#settings = settings;
      this.#seen = lookAtTier(this.#handles.viewer);
      return {};
    });
  }

  /** Begins anew with another instance: its local tier is empty, the store is what it was. */
  async restart(): Promise<Report> {
    const component = await instance(this.#recorder);
    return this.#perform({ kind: 'restart' }, () => {
      close(this.#handles);
      this.#component = component;
      this.#handles = open(component, this.#settings);
      return {};
    });
  }

  /** Notices whose life is over. */
  tick(): void {
    const { viewer } = this.#handles;
    const keys = viewer.localKeys();
    const over = this.#seen.keys.filter((key) => !keys.includes(key));
    // An entry is dropped, and counted, when somebody meets it.
    for (const key of over) viewer.localGet(key);
    const expiredInStore = this.#expiredInStore();
    if (over.length === 0 && expiredInStore.length === 0) return;
    this.#report({ kind: 'expire' }, {}, expiredInStore);
  }

  #perform(deed: Deed, work: (handles: Handles) => Answer): Report {
    this.tick();
    this.#recorder.take();
    try {
      return this.#report(deed, work(this.#handles));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return this.#report(deed, {}, [], error);
    }
  }

  #hear(fullKey: string | undefined): void {
    const { name, news } = this.#settings;
    const prefix = `${name}:`;
    if (fullKey !== undefined && !fullKey.startsWith(prefix)) return;
    const key = fullKey?.slice(prefix.length);
    const isTold = news === 'told';
    this.#perform({ kind: 'foreign', key, isTold }, () => {
      const { coherence } = this.#component;
      if (isTold && key !== undefined) coherence.invalidate(name, [key]);
      if (isTold && key === undefined) coherence.invalidateAll();
      return {};
    });
  }

  #report(deed: Deed, answer: Answer, expiredInStore: string[] = [], error?: Error): Report {
    const calls = this.#recorder.take();
    const seen = lookAtTier(this.#handles.viewer);
    const subject = 'key' in deed ? deed.key : undefined;
    const changes = changesBetween(this.#seen, seen, subject);
    this.#seen = seen;
    this.#stored = this.#deadlines();
    const report = { deed, answer, calls, changes, expiredInStore, ...(error ? { error } : {}) };
    for (const listener of this.#listeners) listener(report);
    return report;
  }

  #expiredInStore(): string[] {
    const now = Date.now();
    const standing = this.#deadlines();
    const gone = [...this.#stored].filter(([key, until]) => until <= now && !standing.has(key));
    return gone.map(([key]) => key);
  }

  #deadlines(): Map<string, number> {
    const now = Date.now();
    const entries = this.stored();
    return new Map(entries.map(({ key, leftMs }) => [key, now + (leftMs ?? Infinity)]));
  }
}

interface Handles {
  readonly cache: FlipCache;
  /** It asks nobody for news, so that a look at a life is no call of the store. */
  readonly viewer: FlipCache;
}

function instance(backend: Recorder): Promise<Component> {
  return instantiate({ backend, now: browserClock() });
}

function open({ cache: { FlipCache } }: Component, settings: Settings): Handles {
  const options = optionsOf(settings);
  const viewer = FlipCache.open(settings.name, options);
  const cache = FlipCache.openWith(settings.name, options, resilienceOf(settings.news));
  return { cache, viewer };
}

function close({ cache, viewer }: Handles): void {
  for (const handle of [cache, viewer]) (handle as unknown as Disposable)[Symbol.dispose]();
}
