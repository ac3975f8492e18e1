import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { Worker } from 'node:worker_threads';

import { startRedis } from './support/redis-server.js';

const server = await startRedis();
after(() => server.stop());

test('values that a thread has read or written never go back while others write', async () => {
  const [threads, rounds] = [3, 3_000];
  const program = new URL('support/reader.js', import.meta.url);
  const workers = Array.from({ length: threads }, (_, own) => {
    const worker = new Worker(program, { workerData: { url: server.url, own, threads, rounds } });
    return Promise.race([
      once(worker, 'message').then(([stats]) => stats),
      once(worker, 'error').then(([error]) => assert.fail(error)),
    ]);
  });
  const stats = await Promise.all(workers);
  // Otherwise nothing was tested.
  assert.ok(stats.every(({ localHits, invalidated }) => localHits > 100 && invalidated > 10), JSON.stringify(stats));
});
