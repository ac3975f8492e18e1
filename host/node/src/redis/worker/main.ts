/**
 * The thread that owns the connection.
 *
 * @module
 */
import { workerData } from 'node:worker_threads';

import { BackendError } from '../../backend/error.js';
import { FIELDS, type Reply, type RequestMessage, type Setup } from '../protocol.js';
import * as commands from './commands.js';
import type { Send } from './commands.js';
import { Invalidations } from './invalidations.js';
import { clear, count, scan } from './scan.js';
import { Supervisor } from './supervisor.js';

const setup = workerData as Setup;
const shared = new Int32Array(setup.shared);
const invalidations = new Invalidations(shared, setup.changes, setup.zero, setup.boundMs);
const supervisor = new Supervisor(setup, invalidations);
let lastId = 0;

setup.replies.on('message', (message: RequestMessage) => {
  lastId = message.id;
  void handle(message).then(post);
});

Atomics.store(shared, FIELDS.STARTED, 1);
Atomics.notify(shared, FIELDS.STARTED);

/** Returns the reply to a request; never throws. */
async function handle(message: RequestMessage): Promise<Reply> {
  const { id } = message;
  try {
    return { id, ok: await run(message) };
  } catch (error) {
    if (error instanceof BackendError) return { id, error: error.payload };
    // The message may contain values.
    return { id, error: BackendError.other('the thread of the connection failed').payload };
  }
}

function run({ id, prefix, request }: RequestMessage): Promise<unknown> {
  const send: Send = async (pipeline) => {
    const connection = await supervisor.connection();
    // The caller has timed out: nothing more is sent for it.
    if (id !== lastId) throw BackendError.timeout();
    Atomics.add(shared, FIELDS.STEPS, 1);
    return connection.send(pipeline);
  };
  const at = (key: string) => prefix + key;
  const entries = 'entries' in request ? request.entries.map(([key, value]) => [at(key), value] as const) : [];
  switch (request.name) {
    case 'get': {
      const keys = request.keys.map(at);
      return request.newTtlMs === undefined ? commands.get(send, keys) : commands.getAndExpire(send, keys, request.newTtlMs);
    }
    case 'set':
      return commands.set(send, entries, request.ttlMs);
    case 'setIfAbsent':
      return commands.setIfAbsent(send, entries, request.ttlMs);
    case 'increment':
      return commands.increment(send, at(request.key), request.delta, request.ttlMs);
    case 'delete':
      return commands.remove(send, request.keys.map(at));
    case 'exists':
      return commands.exists(send, request.keys.map(at));
    case 'expire':
      return commands.expire(send, request.keys.map(at), request.ttlMs);
    case 'scan':
      return scan(send, prefix, request.cursor, request.limit);
    case 'count':
      return count(send, prefix);
    case 'clear':
      return clear(send, prefix);
    case 'subscribe':
      return supervisor.subscribe(prefix);
  }
}

/** Publishes the pending changes, then the reply. */
function post(reply: Reply): void {
  invalidations.flush();
  setup.replies.postMessage(reply);
  Atomics.add(shared, FIELDS.REPLIES, 1);
  Atomics.notify(shared, FIELDS.REPLIES);
}
