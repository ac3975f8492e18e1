import type { FlipCache, Slot } from 'flipcache/component';

import type { LocalStorageBackend } from '../store/index.js';
import type { Tier } from './changes.js';

/** What one tier holds under a key. */
export interface Entry {
  readonly key: string;
  /** `undefined`: something that is no entry of a cache. */
  readonly value: string | undefined;
  /** What is left of its life, in milliseconds; `undefined`: it does not expire. */
  readonly leftMs: number | undefined;
}

/** The local tier, as the component tells of it. */
export function lookAtTier(cache: FlipCache): Tier {
  return { keys: cache.localKeys(), removals: cache.stats().removals };
}

/** The entries of the local tier, the next to leave first. No use, and no call of the store. */
export function localEntries(viewer: FlipCache): Entry[] {
  const entries: Entry[] = [];
  for (const key of viewer.localKeys()) {
    const value = viewer.localGet(key);
    // Its life may have ended since.
    if (value?.tag !== 'text') continue;
    const life = viewer.ttl(key);
    entries.push({
      key,
      value: value.val,
      leftMs: life?.tag === 'after-ms' ? Number(life.val) : undefined,
    });
  }
  return entries;
}

/** What the store holds of a cache, sorted by key. Beside the component: the store itself is asked. */
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
