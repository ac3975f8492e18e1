// Node over a Redis server of its own. Nobody can move a server's clock.
import { BackendError, DIGEST, instantiate } from 'flipcache/component';
import { RedisBackend } from 'flipcache/redis';
import { createClient } from '@redis/client';

import { record } from '../../../tests/conformance/js/index.js';
import { startRedis } from '../test/support/redis-server.js';

/** The host, and how it is ended. */
export async function startRedisHost() {
  const server = await startRedis();
  const other = await createClient({ url: server.url, commandOptions: { typeMapping: { 36: Buffer } } }).connect();
  const backend = new RedisBackend({ url: server.url });
  const host = {
    name: 'Node',
    store: 'Redis',
    digest: DIGEST,
    has: ['foreign', 'wrong-type', 'faults', 'coherence', 'changes', 'set-if-absent', 'increment', 'expire', 'prolong'],
    async open() {
      await other.flushAll();
      const recorder = record(backend, BackendError.of);
      return {
        exports: await instantiate({ backend: recorder.backend }),
        takeCalls: recorder.takeCalls,
        fail: recorder.fail,
        store: beside(other, backend),
      };
    },
  };
  return {
    host,
    async stop() {
      await backend.close();
      other.destroy();
      await server.stop();
    },
  };
}

/** The store as another client of the server sees it. */
function beside(other, backend) {
  // The server tells of a write before it answers whoever wrote, and our connection carries its answers behind that.
  const heard = () => backend.open('conformance').exists(['']);
  return {
    async set(key, value, ttlMs) {
      const expiry = ttlMs === undefined ? [] : ['PX', ttlMs.toString()];
      await other.sendCommand(['SET', key, Buffer.from(value), ...expiry]);
      heard();
    },
    async delete(key) {
      await other.sendCommand(['DEL', key]);
      heard();
    },
    async get(key) {
      const value = await other.sendCommand(['GET', key]);
      return value === null ? undefined : new Uint8Array(value);
    },
    async spoil(key) {
      await other.sendCommand(['DEL', key]);
      await other.sendCommand(['LPUSH', key, 'x']);
      heard();
    },
  };
}
