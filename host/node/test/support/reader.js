// A thread that increments its own key and reads those of all threads: none may ever go back.
import { parentPort, workerData } from 'node:worker_threads';

import { connect } from 'flipcache';

const { url, own, threads, rounds } = workerData;
const client = await connect({ url });
const counts = client.cache('count', { valueType: 'integer', localMax: 10 });
const seen = new Map();

for (let round = 1; round <= rounds; round += 1) {
  if (round % 5 === 0) {
    counts.set(String(own), round);
    seen.set(own, BigInt(round));
  }
  for (let key = 0; key < threads; key += 1) {
    const count = counts.get(String(key)) ?? 0n;
    const before = seen.get(key) ?? 0n;
    if (count < before) throw new Error(`key ${key} went back from ${before} to ${count} in round ${round} of ${own}`);
    seen.set(key, count);
  }
}

const { localHits, removals } = counts.stats();
parentPort.postMessage({ localHits, invalidated: removals.invalidated });
await client.close();
