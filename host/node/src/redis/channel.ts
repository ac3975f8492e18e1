import { MessageChannel, type MessagePort, Worker, receiveMessageOnPort } from 'node:worker_threads';

import { BackendError } from '../backend/error.js';
import type { RedisOptions } from './options.js';
import {
  type ChangedKeysMessage,
  FIELDS,
  type Reply,
  type Request,
  type Setup,
  after,
  clock,
  systemMs,
  wallClock,
} from './protocol.js';

/** How much longer than its deadline to wait for the thread, which may have died. */
const GRACE_MS = 250;

/** How long the thread may take to start. */
const START_MS = 30_000;

const DEADLINE_MS = 5_000;
const BOUND_MS = 2_000;

/** Sends requests to the thread that owns the connection, and waits for the replies. */
export class Channel {
  readonly #worker: Worker;
  readonly #replies: MessagePort;
  readonly #changes: MessagePort;
  readonly #shared: Int32Array;
  readonly #timeoutMs: number;
  readonly #zero = systemMs();
  #lastId = 0;
  #isClosed = false;

  constructor({ url, tls, deadlineMs = DEADLINE_MS, stalenessBoundMs = BOUND_MS, coherence }: RedisOptions) {
    const shared = new SharedArrayBuffer(4 * FIELDS.LENGTH);
    const [replies, changes] = [new MessageChannel(), new MessageChannel()];
    this.#shared = new Int32Array(shared);
    this.#timeoutMs = deadlineMs + GRACE_MS;
    this.#replies = replies.port1;
    this.#changes = changes.port1;
    const setup: Setup = {
      url,
      tls,
      deadlineMs,
      boundMs: stalenessBoundMs,
      isTracking: coherence !== 'off',
      shared,
      zero: this.#zero,
      replies: replies.port2,
      changes: changes.port2,
    };
    this.#worker = new Worker(new URL('./worker/main.js', import.meta.url), {
      workerData: setup,
      transferList: [replies.port2, changes.port2],
      // The options of the main program may not fit the thread.
      execArgv: [],
    });
    this.#worker.on('error', () => this.#end());
    this.#worker.on('exit', () => this.#end());
    // The thread must not keep an otherwise idle program running.
    this.#worker.unref();
    this.#replies.unref();
    this.#changes.unref();
  }

  /**
   * Sends a request and waits for the reply.
   *
   * @throws {BackendError} the error of the reply; `timeout` if there is none in time.
   */
  call(prefix: string, request: Request): unknown {
    if (this.#isClosed) throw BackendError.unavailable('the connection to Redis is closed');
    const id = (this.#lastId += 1);
    if (Atomics.load(this.#shared, FIELDS.STARTED) === 0) {
      Atomics.wait(this.#shared, FIELDS.STARTED, 0, START_MS);
    }
    let steps = Atomics.load(this.#shared, FIELDS.STEPS);
    let until = performance.now() + this.#timeoutMs;
    this.#replies.postMessage({ id, prefix, request });
    for (;;) {
      const seen = Atomics.load(this.#shared, FIELDS.REPLIES);
      const reply = this.#take(id);
      if (reply !== undefined) return unwrap(reply);
      const left = until - performance.now();
      if (left > 0) {
        Atomics.wait(this.#shared, FIELDS.REPLIES, seen, left);
        continue;
      }
      const now = Atomics.load(this.#shared, FIELDS.STEPS);
      if (now === steps) throw BackendError.timeout();
      steps = now;
      until = performance.now() + this.#timeoutMs;
    }
  }

  /** Whether the server reports changes, so that the published ones are complete. */
  get isLive(): boolean {
    if (Atomics.load(this.#shared, FIELDS.LIVE) !== 1) return false;
    const left = after(Atomics.load(this.#shared, FIELDS.LEASE_UNTIL), clock(this.#zero));
    return left > 0 && after(Atomics.load(this.#shared, FIELDS.LEASE_UNTIL_WALL), wallClock()) > 0;
  }

  /** The number of flushes: how many times every entry became invalid. */
  get epoch(): number {
    return Atomics.load(this.#shared, FIELDS.EPOCH);
  }

  /** Whether there are changes that have not been taken. */
  get hasChanges(): boolean {
    return Atomics.load(this.#shared, FIELDS.PUBLISHED) !== Atomics.load(this.#shared, FIELDS.TAKEN);
  }

  /** Returns the next complete keys that others may have changed. */
  takeChanges(): ChangedKeysMessage | undefined {
    const received = receiveMessageOnPort(this.#changes) as { message: ChangedKeysMessage } | undefined;
    if (received !== undefined) Atomics.add(this.#shared, FIELDS.TAKEN, received.message.length);
    return received?.message;
  }

  /** Closes the connection and ends the thread. */
  async close(): Promise<void> {
    this.#end();
    await this.#worker.terminate();
  }

  #end(): void {
    this.#isClosed = true;
    Atomics.store(this.#shared, FIELDS.LIVE, 0);
  }

  /** Returns the reply to the request `id`. Late replies to earlier requests are discarded. */
  #take(id: number): Reply | undefined {
    for (;;) {
      const received = receiveMessageOnPort(this.#replies) as { message: Reply } | undefined;
      if (received === undefined || received.message.id === id) return received?.message;
    }
  }
}

function unwrap(reply: Reply): unknown {
  if ('error' in reply) throw BackendError.of(reply.error);
  return reply.ok;
}
