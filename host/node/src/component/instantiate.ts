import { load } from '#load';
import type { KvBackend } from '../backend/bucket.js';
import { type Clock, monotonicNow } from './clock.js';
import { type ImportObject, instantiate as instantiateGlue } from './glue/flipcache.js';
import { MODULES } from './glue/modules.js';
import { kvBackend } from './imports.js';

/** The exports of an instance: the interfaces of `wit/`, with the names of the glue. */
export interface Component {
  readonly cache: typeof import('./glue/interfaces/flipcache-cache-cache.js');
  readonly collections: typeof import('./glue/interfaces/flipcache-cache-collections.js');
  readonly coherence: typeof import('./glue/interfaces/flipcache-cache-coherence.js');
}

export interface InstantiateOptions {
  /** The backend (L2). */
  backend: KvBackend;
  /**
   * The clock by which entries of the local tiers expire. By default it includes the time asleep.
   */
  now?: Clock;
}

/**
 * Instantiates the component, with its own local tiers. Instances are independent of each other;
 * the code is compiled once.
 *
 * @throws if the code cannot be loaded or compiled.
 */
export async function instantiate({ backend, now = monotonicNow }: InstantiateOptions): Promise<Component> {
  const imports = {
    'flipcache:cache/kv-backend': kvBackend(backend),
    'wasi:clocks/monotonic-clock': { now },
  };
  // The glue looks up imports without their versions; its types have them.
  const { cache, collections, coherence } = await instantiateGlue(compiled, imports as unknown as ImportObject);
  return { cache, collections, coherence };
}

const modules = new Map<string, Promise<WebAssembly.Module>>();

/** Returns a core module of the component, compiled on first use and again after a failure. */
function compiled(name: string): Promise<WebAssembly.Module> {
  const known = modules.get(name);
  if (known !== undefined) return known;
  const url = MODULES[name];
  if (url === undefined) throw new Error(`the component has no module ${name}`);
  const compiling = load(url);
  modules.set(name, compiling);
  compiling.catch(() => modules.delete(name));
  return compiling;
}
