import type { Bucket } from '../backend/bucket.js';
import { BackendError } from '../backend/error.js';
import { sum } from '../backend/integer.js';
import type { Author, ChangeLog } from '../backend/log.js';
import type { Clock } from '../component/clock.js';
import type { Changes, Page, Slot } from '../component/types.js';
import type { Row, Rows } from './rows.js';

const NS_PER_MS = 1_000_000n;
const CURSOR = /^[1-9][0-9]{0,15}$/;
const ENCODER = new TextEncoder();

/** The state that all buckets of a backend share. */
export interface Shared {
  readonly rows: Rows;
  readonly log: ChangeLog;
  readonly now: Clock;
  readonly maxBytes: number;
}

/** A handle to a bucket. */
export class MemoryBucket implements Bucket {
  readonly #shared: Shared;
  readonly #prefix: string;
  readonly #author: Author;

  /** @param author Identifies the writer; by default this handle. */
  constructor(shared: Shared, prefix: string, author?: Author) {
    this.#shared = shared;
    this.#prefix = prefix;
    this.#author = author ?? this;
  }

  get(keys: string[], newTtlMs: bigint | undefined): Slot[] {
    const { now, rows } = this.#begin();
    return keys.map((key) => {
      const fullKey = this.#prefix + key;
      if (newTtlMs !== undefined && rows.setDeadline(fullKey, deadline(now, newTtlMs))) this.#noteChange(key);
      return slot(rows.get(fullKey), now);
    });
  }

  set(entries: [string, Uint8Array][], ttlMs: bigint | undefined): void {
    this.#check(entries);
    const { now, rows } = this.#begin();
    for (const [key, value] of entries) {
      rows.put(this.#prefix + key, value.slice(), deadline(now, ttlMs));
      this.#noteChange(key);
    }
  }

  setIfAbsent(entries: [string, Uint8Array][], ttlMs: bigint | undefined): (Slot | undefined)[] {
    this.#check(entries);
    const { now, rows } = this.#begin();
    const lastOfEach = new Map(entries);
    const outcomes = new Map<string, Slot | undefined>();
    for (const [key, value] of lastOfEach) {
      const held = rows.get(this.#prefix + key);
      outcomes.set(key, held && slot(held, now));
      if (held !== undefined) continue;
      rows.put(this.#prefix + key, value.slice(), deadline(now, ttlMs));
      this.#noteChange(key);
    }
    return entries.map(([key]) => outcomes.get(key));
  }

  increment(key: string, delta: bigint, ttlMs: bigint | undefined): bigint {
    this.#checkLength(ENCODER.encode(key).length);
    const { now, rows } = this.#begin();
    const held = rows.get(this.#prefix + key);
    const total = sum(held?.value, delta);
    const until = held === undefined ? deadline(now, ttlMs) : held.deadline;
    rows.put(this.#prefix + key, ENCODER.encode(total.toString()), until);
    this.#noteChange(key);
    return total;
  }

  delete(keys: string[]): bigint {
    const { rows } = this.#begin();
    let existed = 0n;
    for (const key of keys) {
      if (!rows.delete(this.#prefix + key)) continue;
      existed += 1n;
      this.#noteChange(key);
    }
    return existed;
  }

  exists(keys: string[]): bigint {
    const { rows } = this.#begin();
    const existing = [...new Set(keys)].filter((key) => rows.get(this.#prefix + key) !== undefined);
    return BigInt(existing.length);
  }

  expire(keys: string[], ttlMs: bigint | undefined): boolean[] {
    const { now, rows } = this.#begin();
    return keys.map((key) => {
      const existed = rows.setDeadline(this.#prefix + key, deadline(now, ttlMs));
      if (existed) this.#noteChange(key);
      return existed;
    });
  }

  /** The cursor is the number of the last row of the previous page. */
  scan(cursor: string | undefined, limit: number): Page {
    if (cursor !== undefined && !CURSOR.test(cursor)) {
      throw BackendError.other('not a cursor of this backend');
    }
    const { rows } = this.#begin();
    const keys: string[] = [];
    let last = 0;
    for (const [fullKey, row] of rows.under(this.#prefix, Number(cursor ?? 0))) {
      if (keys.length >= Math.max(limit, 1)) return { keys, cursor: last.toString() };
      keys.push(fullKey.slice(this.#prefix.length));
      last = row.number;
    }
    return { keys };
  }

  count(): bigint {
    const { rows } = this.#begin();
    return BigInt([...rows.under(this.#prefix)].length);
  }

  clear(): bigint {
    const { rows } = this.#begin();
    const cleared = [...rows.under(this.#prefix)];
    for (const [fullKey] of cleared) rows.delete(fullKey);
    this.#shared.log.notePrefix(this.#author, this.#prefix);
    return BigInt(cleared.length);
  }

  changes(since: bigint | undefined): Changes {
    this.#begin();
    return this.#shared.log.changes(since, this.#author, this.#prefix);
  }

  /** Returns the time and the rows, without those that have expired. */
  #begin(): { now: bigint; rows: Rows } {
    const now = this.#shared.now();
    this.#shared.rows.expire(now);
    return { now, rows: this.#shared.rows };
  }

  #noteChange(key: string): void {
    this.#shared.log.noteKey(this.#author, this.#prefix + key);
  }

  #check(entries: [string, Uint8Array][]): void {
    for (const [key, value] of entries) {
      this.#checkLength(ENCODER.encode(key).length);
      this.#checkLength(value.length);
    }
  }

  #checkLength(bytes: number): void {
    if (bytes > this.#shared.maxBytes) throw BackendError.tooLarge(this.#shared.maxBytes);
  }
}

function slot(row: Row | undefined, now: bigint): Slot {
  if (row === undefined) return { tag: 'absent' };
  const entry = { value: row.value.slice() };
  if (row.deadline === undefined) return { tag: 'entry', val: entry };
  // A remaining TTL is never 0: that would mean that the key is absent.
  const left = (row.deadline - now) / NS_PER_MS;
  return { tag: 'entry', val: { ...entry, ttlMs: left > 0n ? left : 1n } };
}

function deadline(now: bigint, ttlMs: bigint | undefined): bigint | undefined {
  return ttlMs === undefined ? undefined : now + ttlMs * NS_PER_MS;
}
