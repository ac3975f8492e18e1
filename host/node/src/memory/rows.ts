import { Deadlines, type Expiring } from './deadlines.js';

/** The row of a key. */
export interface Row extends Expiring {
  readonly value: Uint8Array;
  /** The sequence number of the key's insertion: the order of listings. */
  readonly number: number;
}

/** The rows of all buckets by complete key, in insertion order. */
export class Rows {
  readonly #rows = new Map<string, Row>();
  readonly #deadlines = new Deadlines<Row>();
  #lastNumber = 0;

  /** Removes the rows that have expired by `now`. */
  expire(now: bigint): void {
    this.#deadlines.expire(this.#rows, now);
  }

  get(key: string): Row | undefined {
    return this.#rows.get(key);
  }

  put(key: string, value: Uint8Array, deadline: bigint | undefined): void {
    const number = this.#rows.get(key)?.number ?? (this.#lastNumber += 1);
    const row = { value, deadline, number };
    this.#rows.set(key, row);
    this.#deadlines.add(key, row);
  }

  /** Sets or removes the deadline of a row. Returns whether the row exists. */
  setDeadline(key: string, deadline: bigint | undefined): boolean {
    const row = this.#rows.get(key);
    if (row === undefined) return false;
    row.deadline = deadline;
    this.#deadlines.add(key, row);
    return true;
  }

  delete(key: string): boolean {
    return this.#rows.delete(key);
  }

  /** Iterates over the rows with a prefix and a number above `after`. O(all rows). */
  *under(prefix: string, after = 0): Generator<[string, Row]> {
    for (const entry of this.#rows) {
      if (entry[1].number > after && entry[0].startsWith(prefix)) yield entry;
    }
  }
}
