import { Deadlines, type Expiring } from './deadlines.js';

/** What a key holds. */
export interface Row extends Expiring {
  readonly value: Uint8Array;
  /** Grows with each row that is put at a key that held none: the order of listings. */
  readonly number: number;
}

/** The rows of all buckets by complete key, in the order in which their keys came. */
export class Rows {
  readonly #rows = new Map<string, Row>();
  readonly #deadlines = new Deadlines<Row>();
  #lastNumber = 0;

  /** Removes what has expired by `now`. */
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

  /** Gives a row another deadline, or none; answers whether it is there. */
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

  /** The rows whose keys begin with `prefix` and that came after the one with the number `after`. O(all rows). */
  *under(prefix: string, after = 0): Generator<[string, Row]> {
    for (const entry of this.#rows) {
      if (entry[1].number > after && entry[0].startsWith(prefix)) yield entry;
    }
  }
}
