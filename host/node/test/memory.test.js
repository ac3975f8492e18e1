import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MemoryBackend } from 'flipcache/memory';

import { backendContract } from './contract.js';

const bytes = (text) => new TextEncoder().encode(text);

const backend = new MemoryBackend();
backendContract(Object.assign((name) => backend.open(name), { backend }));

/** Opens a backend with a manual clock. */
function timed(options = {}) {
  let ms = 0;
  const store = new MemoryBackend({ ...options, now: () => BigInt(ms) * 1_000_000n });
  return { bucket: store.open('b'), wait: (more) => (ms += more) };
}

test('an entry expires at its deadline and not before', () => {
  const { bucket, wait } = timed();
  bucket.set([['a', bytes('1')]], 10n);
  wait(9);
  assert.deepEqual(bucket.get(['a'], undefined), [{ tag: 'entry', val: { value: bytes('1'), ttlMs: 1n } }]);
  wait(1);
  assert.deepEqual(bucket.get(['a'], undefined), [{ tag: 'absent' }]);
  assert.equal(bucket.count(), 0n);
});

test('a deadline that was changed or removed has no effect', () => {
  const { bucket, wait } = timed();
  for (const key of ['moved', 'removed', 'overwritten', 'deleted']) bucket.set([[key, bytes('1')]], 10n);
  bucket.expire(['moved'], 20n);
  bucket.expire(['removed'], undefined);
  bucket.set([['overwritten', bytes('2')]], undefined);
  bucket.delete(['deleted']);
  bucket.set([['deleted', bytes('2')]], 30n);
  wait(15);
  assert.equal(bucket.count(), 4n);
  wait(5);
  assert.equal(bucket.exists(['moved']), 0n);
  wait(10);
  assert.deepEqual(bucket.scan(undefined, 10).keys, ['removed', 'overwritten']);
});

test('many deadlines that are changed repeatedly are all honored', () => {
  const { bucket, wait } = timed();
  const ttls = new Map();
  for (let round = 0; round < 5; round += 1) {
    for (let number = 0; number < 500; number += 1) {
      const ttl = 1 + ((number * 7919 + round * 104_729) % 1000);
      bucket.set([[`k${number}`, bytes('v')]], BigInt(ttl));
      ttls.set(`k${number}`, ttl);
    }
  }
  for (let ms = 0; ms <= 1000; ms += 50) {
    const alive = [...ttls.values()].filter((ttl) => ttl > ms).length;
    assert.equal(bucket.count(), BigInt(alive), `after ${ms} ms`);
    wait(50);
  }
});

test('a key or value above the limit throws with the limit, and one at the limit is stored', () => {
  const { bucket } = timed({ maxBytes: 4 });
  bucket.set([['üü', bytes('1234')]], undefined);
  for (const write of [
    () => bucket.set([['a', bytes('12345')]], undefined),
    () => bucket.setIfAbsent([['a', bytes('12345')]], undefined),
    () => bucket.set([['üüü', bytes('1')]], undefined),
    () => bucket.increment('üüü', 1n, undefined),
  ]) {
    assert.throws(write, { code: 'too-large', payload: { tag: 'too-large', val: 4n } });
  }
  assert.equal(bucket.count(), 1n);
});

test('stored values are copies', () => {
  const { bucket } = timed();
  const value = bytes('1');
  bucket.set([['a', value]], undefined);
  value[0] = 0;
  bucket.get(['a'], undefined)[0].val.value[0] = 0;
  assert.deepEqual(bucket.get(['a'], undefined)[0].val.value, bytes('1'));
});
