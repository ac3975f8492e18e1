import type { FlipCache, Slot } from 'flipcache/component';

import type { LocalStorageBackend } from '../store/index.js';
import type { Tier } from './changes.js';

/** What one tier holds under a key. */
export interface Entry {
  readonly key: string;
  /** `undefined`: a text that is not an entry of a cache. */
  readonly value: string | undefined;
  /** The remaining TTL in milliseconds; `undefined`: the entry does not expire. */
  readonly leftMs: number | undefined;
}

/** Returns the keys and removal counters of the local tier. */
export function tierSnapshot(cache: FlipCache): Tier {
  return { keys: cache.localKeys(), removals: cache.stats().removals };
}

/**
 * Returns the entries of the local tier in eviction order. Does not count as an access and does not
 * call L2.
 */
export function localEntries(viewer: FlipCache): Entry[] {
  const entries: Entry[] = [];
  for (const key of viewer.localKeys()) {
    const value = viewer.localGet(key);
    // It may have expired since `localKeys`.
    if (value?.tag !== 'text') continue;
    const ttl = viewer.ttl(key);
    entries.push({
      key,
      value: value.val,
      leftMs: ttl?.tag === 'after-ms' ? Number(ttl.val) : undefined,
    });
  }
  return entries;
}

/**
 * Returns the entries that L2 holds for a cache, sorted by key. Reads L2 directly, not through the
 * component.
 */
export function storedEntries(backend: LocalStorageBackend, name: string): Entry[] {
  const bucket = backend.open(name);
  const { keys } = bucket.scan(undefined, 0xffff_ffff);
  const slots = bucket.get(keys, undefined);
  return keys.flatMap((key, at) => storedEntry(key, slots[at]));
}

const decoder = new TextDecoder();

function storedEntry(key: string, slot: Slot | undefined): Entry[] {
  if (slot === undefined || slot.tag === 'absent') return [];
  if (slot.tag === 'wrong-type') return [{ key, value: undefined, leftMs: undefined }];
  const { value, ttlMs } = slot.val;
  const leftMs = ttlMs === undefined ? undefined : Number(ttlMs);
  return [{ key, value: decoder.decode(value), leftMs }];
}
