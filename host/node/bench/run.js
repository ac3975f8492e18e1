// What calls cost: the least of some rounds each, over memory and over a redis-server of its own.
import { connect } from 'flipcache';
import { instantiate } from 'flipcache/component';
import { MemoryBackend } from 'flipcache/memory';

import { startRedis } from '../test/support/redis-server.js';

/** Short ones, and many: of some, nobody else takes the time. */
const ROUNDS = 400;
const CALLS = 100;

function measure(what, call, { parts = 1, calls = CALLS } = {}) {
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    const begun = performance.now();
    for (let at = 0; at < calls; at += 1) call(at);
    least = Math.min(least, (performance.now() - begun) / calls / parts);
  }
  console.log(`${what.padEnd(52)} ${(least * 1000).toFixed(least < 0.1 ? 2 : 0).padStart(8)} us`);
}

function ofCaches(where, client) {
  const plain = client.cache('plain', { localMax: 10_000 });
  const mortal = client.cache('mortal', { localMax: 10_000, ttlMs: 3_600_000 });
  const keys = Array.from({ length: 100 }, (_, at) => `k${at}`);
  for (const cache of [plain, mortal]) cache.setMany(keys.map((key) => [key, 'x'.repeat(100)]));
  measure(`${where}: hit`, () => plain.get('k7'));
  measure(`${where}: hit of an entry with a TTL`, () => mortal.get('k7'));
  measure(`${where}: hit in getMany of 100, a key`, () => plain.getMany(keys), { parts: keys.length, calls: 5 });
  measure(`${where}: miss`, () => {
    plain.local.clear();
    plain.get('k7');
  });
  measure(`${where}: set`, () => plain.set('k7', 'x'));
}

const backend = new MemoryBackend();
await instantiate({ backend });
const begun = performance.now();
for (let at = 0; at < 100; at += 1) await instantiate({ backend });
console.log(`${'an instance'.padEnd(52)} ${((performance.now() - begun) * 10).toFixed(0).padStart(8)} us`);
ofCaches('memory', await connect({ backend }));
const dict = (await connect({ backend })).lruDict(1000);
dict.set('k', 'x'.repeat(100));
measure('dictionary: get', () => dict.get('k'));

const server = await startRedis();
const client = await connect({ url: server.url });
ofCaches('Redis', client);
await client.close();
await server.stop();
