import { type Component, type FlipCache, type Stats, instantiate } from 'flipcache/component';

import { type LocalStorageBackend, browserClock } from '../store/index.js';
import { type Tier, changesBetween } from './changes.js';
import { Recorder } from './recorder.js';
import type { Action, Report, Result } from './report.js';
import { type Settings, optionsOf, resilienceOf } from './settings.js';
import { type Entry, localEntries, storedEntries, tierSnapshot } from './snapshot.js';

/** An instance of the component with one cache, over `localStorage`. */
export class Session {
  readonly #backend: LocalStorageBackend;
  readonly #recorder: Recorder;
  readonly #listeners = new Set<(report: Report) => void>();
  #component: Component;
  #settings: Settings;
  #handles: Handles;
  /** The last snapshot of the local tier. */
  #seen: Tier;
  /** The keys that L2 held at the last snapshot, and their deadlines. */
  #stored: Map<string, number>;

  private constructor(
    backend: LocalStorageBackend,
    recorder: Recorder,
    component: Component,
    settings: Settings,
  ) {
    this.#backend = backend;
    this.#recorder = recorder;
    this.#component = component;
    this.#settings = settings;
    this.#handles = open(component, settings);
    this.#seen = tierSnapshot(this.#handles.viewer);
    this.#stored = this.#deadlines();
    backend.listen((key) => this.#onExternalWrite(key));
  }

  static async start(backend: LocalStorageBackend, settings: Settings): Promise<Session> {
    const recorder = new Recorder(backend);
    return new Session(backend, recorder, await instance(recorder), settings);
  }

  get settings(): Settings {
    return this.#settings;
  }

  /** Calls `listener` with each report from now on. */
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

  /** Opens the cache again with other settings. If that fails, it stays open as it was. */
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
      this.#seen = tierSnapshot(this.#handles.viewer);
      return {};
    });
  }

  /** Replaces the instance: the local tier is empty, L2 is unchanged. */
  async restart(): Promise<Report> {
    const component = await instance(this.#recorder);
    return this.#perform({ kind: 'restart' }, () => {
      close(this.#handles);
      this.#component = component;
      this.#handles = open(component, this.#settings);
      return {};
    });
  }

  /** Reports entries that have expired. */
  tick(): void {
    const { viewer } = this.#handles;
    const keys = viewer.localKeys();
    const expired = this.#seen.keys.filter((key) => !keys.includes(key));
    // An expired entry is removed and counted on access.
    for (const key of expired) viewer.localGet(key);
    const expiredInStore = this.#expiredInStore();
    if (expired.length === 0 && expiredInStore.length === 0) return;
    this.#report({ kind: 'expire' }, {}, expiredInStore);
  }

  #perform(action: Action, work: (handles: Handles) => Result): Report {
    this.tick();
    this.#recorder.take();
    try {
      return this.#report(action, work(this.#handles));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return this.#report(action, {}, [], error);
    }
  }

  #onExternalWrite(fullKey: string | undefined): void {
    const { name, coherence: mode } = this.#settings;
    const prefix = `${name}:`;
    if (fullKey !== undefined && !fullKey.startsWith(prefix)) return;
    const key = fullKey?.slice(prefix.length);
    const isInvalidated = mode === 'push';
    this.#perform({ kind: 'external-write', key, isInvalidated }, () => {
      const { coherence } = this.#component;
      if (isInvalidated && key !== undefined) coherence.invalidate(name, [key]);
      if (isInvalidated && key === undefined) coherence.invalidateAll();
      return {};
    });
  }

  #report(action: Action, result: Result, expiredInStore: string[] = [], error?: Error): Report {
    const calls = this.#recorder.take();
    const seen = tierSnapshot(this.#handles.viewer);
    const subject = 'key' in action ? action.key : undefined;
    const changes = changesBetween(this.#seen, seen, subject);
    this.#seen = seen;
    this.#stored = this.#deadlines();
    const report = { action, result, calls, changes, expiredInStore, ...(error ? { error } : {}) };
    for (const listener of this.#listeners) listener(report);
    return report;
  }

  #expiredInStore(): string[] {
    const now = Date.now();
    const current = this.#deadlines();
    const expired = [...this.#stored].filter(([key, until]) => until <= now && !current.has(key));
    return expired.map(([key]) => key);
  }

  #deadlines(): Map<string, number> {
    const now = Date.now();
    const entries = this.stored();
    return new Map(entries.map(({ key, leftMs }) => [key, now + (leftMs ?? Infinity)]));
  }
}

interface Handles {
  readonly cache: FlipCache;
  /** Opened without polling, so that reading a TTL makes no call to L2. */
  readonly viewer: FlipCache;
}

function instance(backend: Recorder): Promise<Component> {
  return instantiate({ backend, now: browserClock() });
}

function open({ cache: { FlipCache } }: Component, settings: Settings): Handles {
  const options = optionsOf(settings);
  const viewer = FlipCache.open(settings.name, options);
  const cache = FlipCache.openWith(settings.name, options, resilienceOf(settings.coherence));
  return { cache, viewer };
}

function close({ cache, viewer }: Handles): void {
  for (const handle of [cache, viewer]) (handle as unknown as Disposable)[Symbol.dispose]();
}
