import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { connect } from 'flipcache';
import { RedisBackend } from 'flipcache/redis';
import { createClient } from '@redis/client';

import { startRedis } from './support/redis-server.js';
import { until } from './support/until.js';

const bytes = (text) => new TextEncoder().encode(text);

/** Opens another client of the server, which may outlive it. */
async function dial(t, url) {
  const other = createClient({ url, socket: { reconnectStrategy: false } });
  other.on('error', () => {});
  await other.connect();
  t.after(() => other.isOpen && other.destroy());
  return other;
}

test('an unreachable server is unavailable at once, and is used once it is up', async (t) => {
  const before = await startRedis();
  await before.stop();
  const client = await connect({ url: before.url });
  t.after(() => client.close());
  const users = client.cache('user');
  assert.throws(() => users.get('1'), { name: 'BackendError', code: 'unavailable' });
  assert.equal(client.invalidationStatus, 'lost');
  const server = await startRedis({ port: before.port });
  t.after(() => server.stop());
  await until(() => client.invalidationStatus === 'live');
  users.set('1', 'Ada');
  assert.deepEqual(users.getDetailed('1'), { value: 'Ada', source: 'local' });
});

test('while tracking is lost the local tier serves nothing, and its entries are flushed', async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  const client = await connect({ url: server.url, stalenessBoundMs: 1_000, deadlineMs: 400 });
  t.after(() => client.close());
  const users = client.cache('user');
  const patient = client.cache('patient', { staleOnErrorMs: 60_000 });
  for (const cache of [users, patient]) {
    cache.set('1', 'Ada');
    assert.equal(cache.getDetailed('1').source, 'local');
  }
  server.pause();
  await until(() => client.invalidationStatus === 'lost');
  assert.throws(() => users.get('1'), { name: 'BackendError' });
  assert.deepEqual(patient.getDetailed('1'), { value: 'Ada', source: 'stale' });
  server.resume();
  await until(() => client.invalidationStatus === 'live');
  assert.equal(users.getDetailed('1').source, 'backend');
  assert.equal(users.getDetailed('1').source, 'local');
});

test('a late reply is not mistaken for that of the next request', async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  const backend = new RedisBackend({ url: server.url, deadlineMs: 200, stalenessBoundMs: 60_000 });
  t.after(() => backend.close());
  const bucket = backend.open('late');
  bucket.set([['a', bytes('of a')], ['b', bytes('of b')]], undefined);
  server.pause();
  const begun = performance.now();
  assert.throws(() => bucket.get(['a'], undefined), { code: 'timeout' });
  assert.ok(performance.now() - begun < 5_000);
  server.resume();
  const value = () => Buffer.from(bucket.get(['b'], undefined)[0].val.value).toString();
  assert.equal(value(), 'of b');
  assert.equal(value(), 'of b');
});

test('a write that timed out is not sent again', async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  const backend = new RedisBackend({ url: server.url, deadlineMs: 200, stalenessBoundMs: 200 });
  t.after(() => backend.close());
  const bucket = backend.open('once');
  bucket.increment('n', 1n, undefined);
  server.pause();
  assert.throws(() => bucket.increment('n', 1n, undefined));
  server.resume();
  // The write was sent, so it may have been executed, once.
  let held;
  await until(() => {
    try {
      held = bucket.increment('n', 0n, undefined);
      return true;
    } catch {
      return false;
    }
  });
  assert.ok(held === 1n || held === 2n, `${held}`);
});

test('a write between the loss of a connection and the next one is not missed', async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  const other = await dial(t, server.url);
  const client = await connect({ url: server.url });
  t.after(() => client.close());
  const users = client.cache('user');
  users.set('1', 'old');
  // Atomically, so that the connection is never back without the write.
  await other.multi().addCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']).addCommand(['SET', 'user:1', 'new']).exec();
  await until(() => {
    try {
      return users.get('1') === 'new';
    } catch (error) {
      assert.equal(error.code, 'unavailable');
      return false;
    }
  });
  await until(() => client.invalidationStatus === 'live');
  assert.equal(users.get('1'), 'new');
});

test('values read from a replica are not cached', async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  const other = await dial(t, server.url);
  await other.set('user:1', 'Ada');
  await other.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
  const client = await connect({ url: server.url, stalenessBoundMs: 300 });
  t.after(() => client.close());
  const users = client.cache('user');
  assert.equal(users.getDetailed('1').source, 'backend');
  assert.equal(users.getDetailed('1').source, 'backend');
  assert.throws(() => users.set('1', 'Bob'), { code: 'unavailable' });
  await other.sendCommand(['REPLICAOF', 'NO', 'ONE']);
  await until(() => client.invalidationStatus === 'live');
  users.set('1', 'Bob');
  assert.equal(users.getDetailed('1').source, 'local');
});

test('a wrong password is access-denied, without the password in the error', async (t) => {
  const server = await startRedis({ args: ['--requirepass', 'right-one'] });
  t.after(() => server.stop());
  for (const url of [`redis://:wrong-one@127.0.0.1:${server.port}`, server.url]) {
    const backend = new RedisBackend({ url });
    assert.throws(
      () => backend.open('x').get(['a'], undefined),
      (error) => error.code === 'access-denied' && !/right-one|wrong-one/.test(String(error.stack)),
    );
    await backend.close();
  }
  const backend = new RedisBackend({ url: `redis://:right-one@127.0.0.1:${server.port}/3` });
  backend.open('x').set([['a', bytes('1')]], undefined);
  await backend.close();
  const other = await dial(t, `redis://:right-one@127.0.0.1:${server.port}/3`);
  assert.equal(await other.get('x:a'), '1');
});

test('a user without client tracking gets an error when a cache is opened, and can turn it off', async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  const other = await dial(t, server.url);
  await other.sendCommand(['ACL', 'SETUSER', 'app', 'on', '>secret-word', '~*', '+@all', '-client|tracking']);
  const url = `redis://app:secret-word@127.0.0.1:${server.port}`;
  const client = await connect({ url });
  t.after(() => client.close());
  assert.throws(() => client.cache('user'), (error) => error.code === 'access-denied' && !/secret-word/.test(error.message));
  const untracked = await connect({ url, coherence: 'off' });
  t.after(() => untracked.close());
  assert.equal(untracked.invalidationStatus, 'untracked');
  const users = untracked.cache('user');
  users.set('1', 'Ada');
  assert.equal(users.getDetailed('1').source, 'local');
});

test('a server that accepts and does not reply is unavailable at the deadline', async (t) => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const backend = new RedisBackend({ url: `redis://127.0.0.1:${silent.address().port}`, deadlineMs: 200 });
  assert.throws(() => backend.open('x').exists(['a']), { code: 'unavailable' });
  await backend.close();
  silent.close();
});

test('a program that does not close its client exits', async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  const program = fileURLToPath(new URL('support/forgetful.js', import.meta.url));
  const child = spawn(process.execPath, [program, server.url], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said = [];
  child.stdout.on('data', (data) => said.push(data));
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
  assert.equal(Buffer.concat(said).toString(), 'Ada\n');
});

test('a server that is out of memory can still be read', async (t) => {
  const server = await startRedis({ args: ['--maxmemory-policy', 'noeviction'] });
  t.after(() => server.stop());
  const other = await dial(t, server.url);
  const backend = new RedisBackend({ url: server.url, coherence: 'off' });
  t.after(() => backend.close());
  const bucket = backend.open('full');
  bucket.set([['a', bytes('1')]], 60_000n);
  bucket.set([['b', bytes('2')]], undefined);
  await other.sendCommand(['CONFIG', 'SET', 'maxmemory', '1']);
  assert.throws(() => bucket.set([['a', bytes('2')]], undefined), { code: 'other', message: /^OOM/ });
  const [a, b, none] = bucket.get(['a', 'b', 'none'], undefined);
  assert.ok(a.val.ttlMs > 50_000n);
  assert.deepEqual([b.tag, b.val.ttlMs, none.tag], ['entry', undefined, 'absent']);
});
