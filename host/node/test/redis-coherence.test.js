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

/** The server tells of a write before it answers whoever wrote, and a round trip of ours comes behind that. */
function roundTrip(cache) {
  cache.has('a key that nobody has');
}

test('what another client has written is never answered from the local tier as it was before', async () => {
  const users = client.cache('user');
  for (let round = 0; round < 300; round += 1) {
    users.set('1', `own ${round}`);
    assert.equal(users.getDetailed('1').source, 'local');
    await other.set('user:1', `other ${round}`);
    roundTrip(users);
    assert.equal(users.get('1'), `other ${round}`);
  }
});

test('what another thread of this program has written is heard as well', () => {
  const [users, same] = [client.cache('shared'), neighbour.cache('shared')];
  for (let round = 0; round < 300; round += 1) {
    const [writer, reader] = round % 2 === 0 ? [users, same] : [same, users];
    writer.set('1', `${round}`);
    roundTrip(reader);
    assert.equal(reader.get('1'), `${round}`);
    assert.equal(reader.getDetailed('1').source, 'local');
  }
});

test('own writes leave the local tier as it is', () => {
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

test('two clients that read one key that lives anew at each read both do so locally', () => {
  const caches = [client, neighbour].map((one) => one.cache('hot', { ttlMs: 3_600_000, refreshTtlOnGet: true }));
  caches[0].set('1', 'Ada');
  for (let round = 0; round < 200; round += 1) {
    for (const cache of caches) assert.equal(cache.get('1'), 'Ada');
  }
  for (const cache of caches) assert.ok(cache.stats().localHits >= 195, `${cache.stats().localHits}`);
});

test('what ends in the store ends in the local tier', async () => {
  const users = client.cache('ending');
  users.set('1', 'Ada');
  await other.pExpire('ending:1', 1);
  roundTrip(users);
  // Redis tells of the command; what is read then has its end, or is gone.
  const left = users.ttl('1');
  assert.ok(left === undefined || left === 1);
  await other.set('ending:2', 'Bob', { expiration: { type: 'PX', value: 60_000 } });
  assert.equal(users.get('2'), 'Bob');
  assert.ok(users.ttl('2') <= 60_000);
  await other.del('ending:2');
  roundTrip(users);
  assert.equal(users.get('2'), undefined);
});
