/** A row that may expire. */
export interface Expiring {
  /** When the row expires, in nanoseconds; `undefined`: never. */
  deadline: bigint | undefined;
}

interface Due<Row> {
  readonly at: bigint;
  readonly key: string;
  readonly row: Row;
}

/**
 * A binary heap of deadlines, the earliest first. A row whose deadline was changed is in it twice.
 */
export class Deadlines<Row extends Expiring> {
  #heap: Due<Row>[] = [];

  /** Adds the deadline of a row. */
  add(key: string, row: Row): void {
    if (row.deadline === undefined) return;
    const heap = this.#heap;
    let at = heap.length;
    const due = { at: row.deadline, key, row };
    heap.push(due);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || above.at <= due.at) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = due;
  }

  /** Removes the rows that have expired by `now`. O(log n) for each. */
  expire(rows: Map<string, Row>, now: bigint): void {
    for (let due = this.#heap[0]; due !== undefined && due.at <= now; due = this.#heap[0]) {
      this.#pop();
      if (isCurrent(rows, due)) rows.delete(due.key);
    }
    if (this.#heap.length > 2 * rows.size + 64) this.#compact(rows);
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const [left, right] = [heap[child], heap[child + 1]];
      if (left === undefined) break;
      const less = right !== undefined && right.at < left.at ? right : left;
      if (less === right) child += 1;
      if (less.at >= last.at) break;
      heap[at] = less;
      at = child;
    }
    heap[at] = last;
  }

  /** Removes outdated deadlines. A sorted array is a valid heap. */
  #compact(rows: Map<string, Row>): void {
    const current = this.#heap.filter((due) => isCurrent(rows, due));
    this.#heap = current.sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
  }
}

function isCurrent<Row extends Expiring>(rows: Map<string, Row>, due: Due<Row>): boolean {
  return rows.get(due.key) === due.row && due.row.deadline === due.at;
}
