import type { Bucket } from 'flipcache/component';

import { MemoryStorage } from '../../src/page/memory-storage.js';
import { LocalStorageBackend } from '../../src/store/index.js';

/** A storage that takes so many characters, as browsers do, and a clock that stands still. */
export class Double extends MemoryStorage {
  readonly events = new EventTarget();
  room = Infinity;
  nowMs = 1_000_000;

  override setItem(key: string, text: string): void {
    const taken = this.taken() - (this.getItem(key) === null ? 0 : key.length + (this.getItem(key)?.length ?? 0));
    if (taken + key.length + text.length > this.room) throw new DOMException('full', 'QuotaExceededError');
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

  /** What the browser tells when another tab has written; `null`: it has cleared everything. */
  tell(key: string | null): void {
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
