import type { Bucket } from 'flipcache/component';

import { MemoryStorage } from '../../src/page/memory-storage.js';
import { LocalStorageBackend } from '../../src/store/index.js';

/** A storage with a quota in characters, as in browsers, and a manual clock. */
export class Double extends MemoryStorage {
  readonly events = new EventTarget();
  room = Infinity;
  nowMs = 1_000_000;

  override setItem(key: string, text: string): void {
    const taken =
      this.taken() -
      (this.getItem(key) === null ? 0 : key.length + (this.getItem(key)?.length ?? 0));
    if (taken + key.length + text.length > this.room)
      throw new DOMException('full', 'QuotaExceededError');
    super.setItem(key, text);
  }

  taken(): number {
    let taken = 0;
    for (let at = 0; at < this.length; at += 1) {
      const key = this.key(at) ?? '';
      taken += key.length + (this.getItem(key)?.length ?? 0);
    }
    return taken;
  }

  backend(): LocalStorageBackend {
    return new LocalStorageBackend({ storage: this, events: this.events, now: () => this.nowMs });
  }

  open(name = 'user'): Bucket {
    return this.backend().open(name);
  }

  /** Dispatches the event of another tab's write; `null`: of its `clear`. */
  dispatch(key: string | null): void {
    this.events.dispatchEvent(Object.assign(new Event('storage'), { storageArea: this, key }));
  }
}

const encoder = new TextEncoder();

export function bytes(text: string): Uint8Array {
  return encoder.encode(text);
}

export function entry(text: string, ttlMs?: bigint) {
  return { tag: 'entry', val: { value: bytes(text), ...(ttlMs === undefined ? {} : { ttlMs }) } };
}
