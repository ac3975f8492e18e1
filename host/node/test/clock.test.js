import assert from 'node:assert/strict';
import { test } from 'node:test';

import { instantiate } from 'flipcache/component';
import { MemoryBackend } from 'flipcache/memory';

const HOUR_MS = 3_600_000;

const OPTIONS = {
  localMax: 100,
  eviction: 'fifo',
  refreshTtlOnGet: false,
  keyType: 'text',
  valueType: 'text',
  storeDefault: false,
};

/** Runs a test with a wall clock that can be advanced alone, as after a suspend. */
async function onAMachineThatSleeps(body) {
  const real = Date.now;
  let asleep = 0;
  Date.now = () => real() + asleep;
  try {
    await body((ms) => (asleep += ms));
  } finally {
    Date.now = real;
  }
}

test('an entry whose TTL passed while the machine slept is absent in both tiers', async () => {
  await onAMachineThatSleeps(async (sleep) => {
    const backend = new MemoryBackend();
    const { cache } = await instantiate({ backend });
    const users = cache.FlipCache.open('user', { ...OPTIONS, ttlMs: 600_000n });
    users.set('1', { tag: 'text', val: 'Ada' }, { tag: 'inherit' });
    assert.equal(users.getDetailed('1').source, 'local');
    sleep(HOUR_MS);
    assert.equal(users.get('1'), undefined);
    assert.equal(backend.open('user').count(), 0n);
  });
});
