/**
 * The thread that owns the connection.
 *
 * @module
 */
import { workerData } from 'node:worker_threads';

import { BackendError } from '../../backend/error.js';
import { type Answer, PLACES, type Question, type Setup } from '../protocol.js';
import * as commands from './commands.js';
import type { Send } from './commands.js';
import { Hearing } from './hearing.js';
import { Keeper } from './keeper.js';
import { clear, count, scan } from './scan.js';

const setup = workerData as Setup;
const shared = new Int32Array(setup.shared);
const hearing = new Hearing(shared, setup.news, setup.zero, setup.boundMs);
const keeper = new Keeper(setup, hearing);
let lastId = 0;

setup.answers.on('message', (question: Question) => {
  lastId = question.id;
  void answered(question).then(post);
});

Atomics.store(shared, PLACES.STARTED, 1);
Atomics.notify(shared, PLACES.STARTED);

/** The answer to a question; never an error. */
async function answered(question: Question): Promise<Answer> {
  const { id } = question;
  try {
    return { id, ok: await asked(question) };
  } catch (error) {
    if (error instanceof BackendError) return { id, error: error.payload };
    // Its message may have values in it.
    return { id, error: BackendError.other('the thread of the connection failed').payload };
  }
}

function asked({ id, prefix, ask }: Question): Promise<unknown> {
  const send: Send = async (pipeline) => {
    const connection = await keeper.connection();
    // It was given up: nothing more is done for it.
    if (id !== lastId) throw BackendError.timeout();
    Atomics.add(shared, PLACES.STEPS, 1);
    return connection.send(pipeline);
  };
  const at = (key: string) => prefix + key;
  const entries = 'entries' in ask ? ask.entries.map(([key, value]) => [at(key), value] as const) : [];
  switch (ask.name) {
    case 'get': {
      const keys = ask.keys.map(at);
      return ask.newTtlMs === undefined ? commands.get(send, keys) : commands.getAndExpire(send, keys, ask.newTtlMs);
    }
    case 'set':
      return commands.set(send, entries, ask.ttlMs);
    case 'setIfAbsent':
      return commands.setIfAbsent(send, entries, ask.ttlMs);
    case 'increment':
      return commands.increment(send, at(ask.key), ask.delta, ask.ttlMs);
    case 'delete':
      return commands.remove(send, ask.keys.map(at));
    case 'exists':
      return commands.exists(send, ask.keys.map(at));
    case 'expire':
      return commands.expire(send, ask.keys.map(at), ask.ttlMs);
    case 'scan':
      return scan(send, prefix, ask.cursor, ask.limit);
    case 'count':
      return count(send, prefix);
    case 'clear':
      return clear(send, prefix);
    case 'listen':
      return keeper.listen(prefix);
  }
}

/** What was heard before the answer goes before it. */
function post(answer: Answer): void {
  hearing.flush();
  setup.answers.postMessage(answer);
  Atomics.add(shared, PLACES.ANSWERS, 1);
  Atomics.notify(shared, PLACES.ANSWERS);
}
