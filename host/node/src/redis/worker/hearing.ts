import type { MessagePort } from 'node:worker_threads';

import { MAX_WAITING, PLACES, clock, wallClock } from '../protocol.js';

/** How many keys a message of news has at most. */
const MAX_KEYS = 1024;

/** A moment, by the steady clock and by the one that goes on while the machine sleeps. */
export type Moment = readonly [steady: number, wall: number];

/** What the thread of the cache is told of changes, and whether that is all that there is. */
export class Hearing {
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

  /** The moment before a question whose answer may show that the server hears. */
  now(): Moment {
    return [clock(this.#zero), wallClock()];
  }

  /** The server, asked at a moment, has shown that all was told up to there. It began to tell before that. */
  begins(asked: Moment): void {
    this.#voidAll();
    this.#heardFrom(asked);
    Atomics.store(this.#shared, PLACES.HEARING, 1);
  }

  /** The same, of one that told all the time. */
  goesOn(asked: Moment): void {
    if (Atomics.load(this.#shared, PLACES.HEARING) === 1) this.#heardFrom(asked);
  }

  /** Changes go untold from now on. */
  goesDeaf(): void {
    Atomics.store(this.#shared, PLACES.HEARING, 0);
    this.#voidAll();
  }

  /** A complete key may have changed. It is passed on soon, and before any answer that is passed on later. */
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

  /** Anything may have changed. */
  everything(): void {
    this.#voidAll();
  }

  /** Passes on what is to be. What cannot wait any more because too much does makes everything void. */
  flush(): void {
    const keys = this.#keys;
    if (keys.length === 0) return;
    this.#keys = [];
    const waiting = Atomics.load(this.#shared, PLACES.NEWS) - Atomics.load(this.#shared, PLACES.TAKEN);
    if ((waiting | 0) + keys.length > MAX_WAITING) return this.#voidAll();
    this.#port.postMessage(keys);
    Atomics.add(this.#shared, PLACES.NEWS, keys.length);
  }

  #voidAll(): void {
    Atomics.add(this.#shared, PLACES.EPOCH, 1);
  }

  #heardFrom([steady, wall]: Moment): void {
    Atomics.store(this.#shared, PLACES.HEARD_UNTIL, (steady + this.#boundMs) | 0);
    Atomics.store(this.#shared, PLACES.HEARD_UNTIL_WALL, (wall + this.#boundMs) | 0);
  }
}
