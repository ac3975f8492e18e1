import { MessageChannel, type MessagePort, Worker, receiveMessageOnPort } from 'node:worker_threads';

import { BackendError } from '../backend/error.js';
import type { RedisOptions } from './options.js';
import { type Answer, type Ask, type NewsMessage, PLACES, type Setup, after, clock, systemMs, wallClock } from './protocol.js';

/** How much later than the thread's own deadline it is given up: it may have died. */
const GRACE_MS = 250;

/** How long the thread may take to start. */
const START_MS = 30_000;

const DEADLINE_MS = 5_000;
const BOUND_MS = 2_000;

/** Asks the thread that owns the connection, and waits. */
export class Channel {
  readonly #worker: Worker;
  readonly #answers: MessagePort;
  readonly #news: MessagePort;
  readonly #shared: Int32Array;
  readonly #patienceMs: number;
  readonly #zero = systemMs();
  #lastId = 0;
  #isOver = false;

  constructor({ url, tls, deadlineMs = DEADLINE_MS, stalenessBoundMs = BOUND_MS, coherence }: RedisOptions) {
    const shared = new SharedArrayBuffer(4 * PLACES.LENGTH);
    const [answers, news] = [new MessageChannel(), new MessageChannel()];
    this.#shared = new Int32Array(shared);
    this.#patienceMs = deadlineMs + GRACE_MS;
    this.#answers = answers.port1;
    this.#news = news.port1;
    const setup: Setup = {
      url,
      tls,
      deadlineMs,
      boundMs: stalenessBoundMs,
      isTracking: coherence !== 'off',
      shared,
      zero: this.#zero,
      answers: answers.port2,
      news: news.port2,
    };
    this.#worker = new Worker(new URL('./worker/main.js', import.meta.url), {
      workerData: setup,
      transferList: [answers.port2, news.port2],
      // The program's own options may not be meant for it.
      execArgv: [],
    });
    this.#worker.on('error', () => this.#end());
    this.#worker.on('exit', () => this.#end());
    // A program that has nothing else to do ends.
    this.#worker.unref();
    this.#answers.unref();
    this.#news.unref();
  }

  /**
   * Asks and waits for the answer.
   *
   * @throws {BackendError} what the thread answers; `timeout` if it does not.
   */
  ask(prefix: string, ask: Ask): unknown {
    if (this.#isOver) throw BackendError.unavailable('the connection to Redis is closed');
    const id = (this.#lastId += 1);
    if (Atomics.load(this.#shared, PLACES.STARTED) === 0) {
      Atomics.wait(this.#shared, PLACES.STARTED, 0, START_MS);
    }
    let steps = Atomics.load(this.#shared, PLACES.STEPS);
    let until = performance.now() + this.#patienceMs;
    this.#answers.postMessage({ id, prefix, ask });
    for (;;) {
      const seen = Atomics.load(this.#shared, PLACES.ANSWERS);
      const answer = this.#take(id);
      if (answer !== undefined) return settle(answer);
      const left = until - performance.now();
      if (left > 0) {
        Atomics.wait(this.#shared, PLACES.ANSWERS, seen, left);
        continue;
      }
      const now = Atomics.load(this.#shared, PLACES.STEPS);
      if (now === steps) throw BackendError.timeout();
      steps = now;
      until = performance.now() + this.#patienceMs;
    }
  }

  /** Whether the server tells of changes: what has been told is all that there is. */
  get isHearing(): boolean {
    if (Atomics.load(this.#shared, PLACES.HEARING) !== 1) return false;
    const left = after(Atomics.load(this.#shared, PLACES.HEARD_UNTIL), clock(this.#zero));
    return left > 0 && after(Atomics.load(this.#shared, PLACES.HEARD_UNTIL_WALL), wallClock()) > 0;
  }

  /** How many times all that was kept became void. */
  get epoch(): number {
    return Atomics.load(this.#shared, PLACES.EPOCH);
  }

  /** Whether there are news that have not been taken. */
  get hasNews(): boolean {
    return Atomics.load(this.#shared, PLACES.NEWS) !== Atomics.load(this.#shared, PLACES.TAKEN);
  }

  /** The next complete keys that others may have changed. */
  takeNews(): NewsMessage | undefined {
    const received = receiveMessageOnPort(this.#news) as { message: NewsMessage } | undefined;
    if (received !== undefined) Atomics.add(this.#shared, PLACES.TAKEN, received.message.length);
    return received?.message;
  }

  /** Ends the connection and the thread. */
  async close(): Promise<void> {
    this.#end();
    await this.#worker.terminate();
  }

  #end(): void {
    this.#isOver = true;
    Atomics.store(this.#shared, PLACES.HEARING, 0);
  }

  /** The answer to the question `id`. One that comes late is none: its question was given up. */
  #take(id: number): Answer | undefined {
    for (;;) {
      const received = receiveMessageOnPort(this.#answers) as { message: Answer } | undefined;
      if (received === undefined || received.message.id === id) return received?.message;
    }
  }
}

function settle(answer: Answer): unknown {
  if ('error' in answer) throw BackendError.of(answer.error);
  return answer.ok;
}
