import { BackendError, type Bucket, type Changes, type Page, type Slot } from 'flipcache/component';

import type { Row } from './entry-format.js';
import { sum } from './integer.js';
import type { Log } from './log.js';
import type { Found, Rows } from './rows.js';

/**
 * The longest key or value, in bytes. Each fits an empty `localStorage` of the usual 5 MiB in any
 * encoding.
 */
export const MAX_BYTES = 1 << 20;

const ENCODER = new TextEncoder();

/** A handle to a bucket. */
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
    const outcomes = new Map<string, Slot | undefined>();
    for (const [key, value] of new Map(entries)) {
      const held = this.#find(key, now);
      outcomes.set(key, held && slot(held, now));
      if (held === undefined) this.#put(key, { value, deadline: deadline(now, ttlMs) }, now);
    }
    return entries.map(([key]) => outcomes.get(key));
  }

  increment(key: string, delta: bigint, ttlMs: bigint | undefined): bigint {
    const now = this.#rows.now();
    const held = this.#find(key, now);
    if (held === 'wrong-type') throw BackendError.other('the value is not an entry of a cache');
    const total = sum(held?.value, delta);
    const value = ENCODER.encode(total.toString());
    check([[key, value]]);
    this.#put(key, { value, deadline: held ? held.deadline : deadline(now, ttlMs) }, now);
    return total;
  }

  delete(keys: string[]): bigint {
    const now = this.#rows.now();
    const existing = this.#existing(keys, now);
    for (const key of existing) this.#remove(key);
    return BigInt(existing.length);
  }

  exists(keys: string[]): bigint {
    return BigInt(this.#existing(keys, this.#rows.now()).length);
  }

  /**
   * @throws {BackendError} `unsupported` for a text that is not an entry: it has no place for a
   * deadline.
   */
  expire(keys: string[], ttlMs: bigint | undefined): boolean[] {
    const now = this.#rows.now();
    return keys.map((key) => {
      const found = this.#find(key, now);
      if (found === undefined) return false;
      if (found === 'wrong-type') {
        throw BackendError.unsupported('cannot set a TTL: the value is not an entry of a cache');
      }
      this.#put(key, { ...found, deadline: deadline(now, ttlMs) }, now);
      return true;
    });
  }

  /** The cursor is the last key of the previous page; every text is valid. */
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

  #existing(keys: string[], now: bigint): string[] {
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
  return found !== undefined && found !== 'wrong-type';
}

function slot(found: Found, now: bigint): Slot {
  if (found === undefined) return { tag: 'absent' };
  if (found === 'wrong-type') return { tag: 'wrong-type' };
  const { value, deadline } = found;
  const ttl = deadline === undefined ? {} : { ttlMs: deadline - now };
  return { tag: 'entry', val: { value, ...ttl } };
}

function deadline(now: bigint, ttlMs: bigint | undefined): bigint | undefined {
  return ttlMs === undefined ? undefined : now + ttlMs;
}

function check(entries: [string, Uint8Array][]): void {
  for (const [key, value] of entries) {
    // The UTF-8 form has at least as many bytes as the text has code units.
    const isLong = key.length > MAX_BYTES || ENCODER.encode(key).length > MAX_BYTES;
    if (isLong || value.length > MAX_BYTES) throw BackendError.tooLarge(MAX_BYTES);
  }
}
