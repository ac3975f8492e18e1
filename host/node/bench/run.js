// The cost of calls: the minimum of many short rounds, over memory and over a separate
// redis-server. Each part runs in a separate process, since V8 generates better code for the first
// instance of a process than for the next.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { connect } from 'flipcache';
import { instantiate } from 'flipcache/component';
import { MemoryBackend } from 'flipcache/memory';

import { startRedis } from '../test/support/redis-server.js';

/** The minimum is the round with the least interference by other processes. */
const ROUNDS = 1000;
const CALLS = 100;

const PARTS = {
  async memory() {
    ofCaches('memory', await connect({ url: 'memory:' }));
  },
  async redis() {
    const server = await startRedis();
    const client = await connect({ url: server.url });
    ofCaches('Redis', client);
    await client.close();
    await server.stop();
  },
  async dictionary() {
    const dict = (await connect({ url: 'memory:' })).lruDict(1000);
    dict.set('k', 'x'.repeat(100));
    measure('dictionary: get', () => dict.get('k'));
  },
  async second() {
    const clients = await Promise.all([connect({ url: 'memory:' }), connect({ url: 'memory:' })]);
    const caches = clients.map((client) => client.cache('plain'));
    for (const cache of caches) cache.set('k7', 'x'.repeat(100));
    measure('memory: hit, of two clients in turn', (at) => caches[at % 2].get('k7'));
  },
  async instances() {
    const backend = new MemoryBackend();
    const times = [];
    for (let at = 0; at < 50; at += 1) {
      const begun = performance.now();
      await instantiate({ backend });
      times.push(performance.now() - begun);
    }
    print('the first instance', times[0]);
    print('another instance', Math.min(...times));
  },
};

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

function measure(what, call, { parts = 1, calls = CALLS } = {}) {
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    const begun = performance.now();
    for (let at = 0; at < calls; at += 1) call(at);
    least = Math.min(least, (performance.now() - begun) / calls / parts);
  }
  print(what, least);
}

function print(what, ms) {
  console.log(`${what.padEnd(40)} ${String(Number((ms * 1000).toPrecision(2))).padStart(8)} us`);
}

const [part] = process.argv.slice(2);
if (part !== undefined) await PARTS[part]();
else for (const name of Object.keys(PARTS)) execFileSync(process.execPath, [fileURLToPath(import.meta.url), name], { stdio: 'inherit' });
