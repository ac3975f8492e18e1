import type { MessagePort } from 'node:worker_threads';

import { FIELDS, MAX_WAITING, clock, wallClock } from '../protocol.js';

/** The most keys in a message. */
const MAX_KEYS = 1024;

/** A moment by the steady clock and by the wall clock, which includes sleep. */
export type Moment = readonly [steady: number, wall: number];

/** Publishes changed keys and the invalidation status to the thread of the cache. */
export class Invalidations {
  readonly #shared: Int32Array;
  readonly #port: MessagePort;
  readonly #zero: number;
  readonly #boundMs: number;
  #keys: string[] = [];
  #isDue = false;

  constructor(shared: Int32Array, port: MessagePort, zero: number, boundMs: number) {
    this.#shared = shared;
    this.#port = port;
    this.#zero = zero;
    this.#boundMs = boundMs;
  }

  /** Returns the current moment, to be taken before the request that renews the lease. */
  now(): Moment {
    return [clock(this.#zero), wallClock()];
  }

  /** Goes live, after a reply to the tracking request sent at `asked`. Flushes older entries. */
  restore(asked: Moment): void {
    this.#flushAll();
    this.#setLease(asked);
    Atomics.store(this.#shared, FIELDS.LIVE, 1);
  }

  /**
   * Extends the lease: the server replied to a request sent at `asked` and tracked all the time.
   */
  renew(asked: Moment): void {
    if (Atomics.load(this.#shared, FIELDS.LIVE) === 1) this.#setLease(asked);
  }

  /** Changes are no longer reported. Flushes all entries. */
  lose(): void {
    Atomics.store(this.#shared, FIELDS.LIVE, 0);
    this.#flushAll();
  }

  /** A complete key may have changed. It is published soon, and before any later reply. */
  key(key: string): void {
    this.#keys.push(key);
    if (this.#keys.length >= MAX_KEYS) this.flush();
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.flush();
    });
  }

  /** Any key may have changed. */
  all(): void {
    this.#flushAll();
  }

  /** Publishes the pending keys. Flushes all entries instead if too many keys are waiting. */
  flush(): void {
    const keys = this.#keys;
    if (keys.length === 0) return;
    this.#keys = [];
    const waiting = Atomics.load(this.#shared, FIELDS.PUBLISHED) - Atomics.load(this.#shared, FIELDS.TAKEN);
    if ((waiting | 0) + keys.length > MAX_WAITING) return this.#flushAll();
    this.#port.postMessage(keys);
    Atomics.add(this.#shared, FIELDS.PUBLISHED, keys.length);
  }

  #flushAll(): void {
    Atomics.add(this.#shared, FIELDS.EPOCH, 1);
  }

  #setLease([steady, wall]: Moment): void {
    Atomics.store(this.#shared, FIELDS.LEASE_UNTIL, (steady + this.#boundMs) | 0);
    Atomics.store(this.#shared, FIELDS.LEASE_UNTIL_WALL, (wall + this.#boundMs) | 0);
  }
}
