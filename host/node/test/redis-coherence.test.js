import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { connect } from 'flipcache';
import { createClient } from '@redis/client';

import { startRedis } from './support/redis-server.js';

const server = await startRedis();
const other = await createClient({ url: server.url }).connect();
const [client, neighbour] = [await connect({ url: server.url }), await connect({ url: server.url })];

after(async () => {
  await Promise.all([client.close(), neighbour.close()]);
  other.destroy();
  await server.stop();
});

/** Waits for a round trip: the server sends invalidations before the reply to the writer. */
function roundTrip(cache) {
  cache.has('an absent key');
}

test('the local tier never serves the old value after a write of another client', async () => {
  const users = client.cache('user');
  for (let round = 0; round < 300; round += 1) {
    users.set('1', `own ${round}`);
    assert.equal(users.getDetailed('1').source, 'local');
    await other.set('user:1', `other ${round}`);
    roundTrip(users);
    assert.equal(users.get('1'), `other ${round}`);
  }
});

test('a write of another thread invalidates the local entry', () => {
  const [users, same] = [client.cache('shared'), neighbour.cache('shared')];
  for (let round = 0; round < 300; round += 1) {
    const [writer, reader] = round % 2 === 0 ? [users, same] : [same, users];
    writer.set('1', `${round}`);
    roundTrip(reader);
    assert.equal(reader.get('1'), `${round}`);
    assert.equal(reader.getDetailed('1').source, 'local');
  }
});

test('own writes do not invalidate the local tier', () => {
  const users = client.cache('own');
  users.set('1', 'Ada');
  for (let round = 0; round < 100; round += 1) {
    users.set('2', `${round}`);
    roundTrip(users);
    assert.equal(users.getDetailed('2').source, 'local');
  }
  assert.equal(users.getDetailed('1').source, 'local');
  assert.equal(users.stats().removals.invalidated, 0);
});

test('two clients that restart the TTL of a key with each read both hit locally', () => {
  const caches = [client, neighbour].map((one) => one.cache('hot', { ttlMs: 3_600_000, refreshTtlOnGet: true }));
  caches[0].set('1', 'Ada');
  for (let round = 0; round < 200; round += 1) {
    for (const cache of caches) assert.equal(cache.get('1'), 'Ada');
  }
  for (const cache of caches) assert.ok(cache.stats().localHits >= 195, `${cache.stats().localHits}`);
});

test('an entry that expires in Redis expires in the local tier', async () => {
  const users = client.cache('ending');
  users.set('1', 'Ada');
  await other.pExpire('ending:1', 1);
  roundTrip(users);
  // Redis reports the command; the next read returns the new deadline, or none if the key has
  // expired.
  const left = users.ttl('1');
  assert.ok(left === undefined || left === 1);
  await other.set('ending:2', 'Bob', { expiration: { type: 'PX', value: 60_000 } });
  assert.equal(users.get('2'), 'Bob');
  assert.ok(users.ttl('2') <= 60_000);
  await other.del('ending:2');
  roundTrip(users);
  assert.equal(users.get('2'), undefined);
});
