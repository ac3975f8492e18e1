import { BackendError, type Bucket, type Changes, type Page, type Slot } from 'flipcache/component';

import type { Row } from './form.js';
import { sum } from './integer.js';
import type { Log } from './log.js';
import type { Found, Rows } from './rows.js';

/** The longest key or value, in bytes: either fits an empty `localStorage` of the usual 5 MiB in any coding. */
export const MAX_BYTES = 1 << 20;

const ENCODER = new TextEncoder();

/** One handle of a bucket. */
export class LocalStorageBucket implements Bucket {
  readonly #rows: Rows;
  readonly #log: Log;
  readonly #prefix: string;

  constructor(rows: Rows, log: Log, name: string) {
    this.#rows = rows;
    this.#log = log;
    this.#prefix = `${name}:`;
  }

  get(keys: string[], newTtlMs: bigint | undefined): Slot[] {
    const now = this.#rows.now();
    return keys.map((key) => {
      const found = this.#find(key, now);
      if (newTtlMs === undefined || !isRow(found)) return slot(found, now);
      return slot(this.#put(key, { ...found, deadline: now + newTtlMs }, now), now);
    });
  }

  set(entries: [string, Uint8Array][], ttlMs: bigint | undefined): void {
    check(entries);
    const now = this.#rows.now();
    for (const [key, value] of new Map(entries)) {
      this.#put(key, { value, deadline: deadline(now, ttlMs) }, now);
    }
  }

  setIfAbsent(entries: [string, Uint8Array][], ttlMs: bigint | undefined): (Slot | undefined)[] {
    check(entries);
    const now = this.#rows.now();
    const answers = new Map<string, Slot | undefined>();
    for (const [key, value] of new Map(entries)) {
      const held = this.#find(key, now);
      answers.set(key, held && slot(held, now));
      if (held === undefined) this.#put(key, { value, deadline: deadline(now, ttlMs) }, now);
    }
    return entries.map(([key]) => answers.get(key));
  }

  increment(key: string, delta: bigint, ttlMs: bigint | undefined): bigint {
    const now = this.#rows.now();
    const held = this.#find(key, now);
    if (held === 'foreign') throw BackendError.other('this is no entry of a cache');
    const total = sum(held?.value, delta);
    const value = ENCODER.encode(total.toString());
    check([[key, value]]);
    this.#put(key, { value, deadline: held ? held.deadline : deadline(now, ttlMs) }, now);
    return total;
  }

  delete(keys: string[]): bigint {
    const now = this.#rows.now();
    const there = this.#there(keys, now);
    for (const key of there) this.#remove(key);
    return BigInt(there.length);
  }

  exists(keys: string[]): bigint {
    return BigInt(this.#there(keys, this.#rows.now()).length);
  }

  /** @throws {BackendError} `unsupported` for what is no entry: it has no place for a deadline. */
  expire(keys: string[], ttlMs: bigint | undefined): boolean[] {
    const now = this.#rows.now();
    return keys.map((key) => {
      const found = this.#find(key, now);
      if (found === undefined) return false;
      if (found === 'foreign') throw BackendError.unsupported('a TTL of what is no entry of a cache');
      this.#put(key, { ...found, deadline: deadline(now, ttlMs) }, now);
      return true;
    });
  }

  /** The cursor is the last key of the page before; every text is one. */
  scan(cursor: string | undefined, limit: number): Page {
    const listed = this.#list();
    const rest = cursor === undefined ? listed : listed.filter((key) => key > cursor);
    const keys = rest.slice(0, Math.max(limit, 1));
    const last = keys.at(-1);
    return rest.length > keys.length && last !== undefined ? { keys, cursor: last } : { keys };
  }

  count(): bigint {
    return BigInt(this.#list().length);
  }

  clear(): bigint {
    const keys = this.#list();
    this.#log.notePrefix(this, this.#prefix);
    for (const key of keys) this.#rows.delete(this.#prefix + key);
    return BigInt(keys.length);
  }

  changes(since: bigint | undefined): Changes {
    return this.#log.since(since, this, this.#prefix);
  }

  #find(key: string, now: bigint): Found {
    return this.#rows.get(this.#prefix + key, now);
  }

  #there(keys: string[], now: bigint): string[] {
    return [...new Set(keys)].filter((key) => this.#find(key, now) !== undefined);
  }

  #list(): string[] {
    const keys = this.#rows.under(this.#prefix, this.#rows.now());
    return keys.map((key) => key.slice(this.#prefix.length));
  }

  #put(key: string, row: Row, now: bigint): Row {
    this.#rows.put(this.#prefix + key, row, now);
    this.#log.noteKey(this, this.#prefix + key);
    return row;
  }

  #remove(key: string): void {
    this.#rows.delete(this.#prefix + key);
    this.#log.noteKey(this, this.#prefix + key);
  }
}

function isRow(found: Found): found is Row {
  return found !== undefined && found !== 'foreign';
}

function slot(found: Found, now: bigint): Slot {
  if (found === undefined) return { tag: 'absent' };
  if (found === 'foreign') return { tag: 'wrong-type' };
  const { value, deadline } = found;
  const life = deadline === undefined ? {} : { ttlMs: deadline - now };
  return { tag: 'entry', val: { value, ...life } };
}

function deadline(now: bigint, ttlMs: bigint | undefined): bigint | undefined {
  return ttlMs === undefined ? undefined : now + ttlMs;
}

function check(entries: [string, Uint8Array][]): void {
  for (const [key, value] of entries) {
    // No text has fewer bytes than code units.
    const isLong = key.length > MAX_BYTES || ENCODER.encode(key).length > MAX_BYTES;
    if (isLong || value.length > MAX_BYTES) throw BackendError.tooLarge(MAX_BYTES);
  }
}
