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
      // Else our connection may learn of it in the middle of the case, and empty the local tier.
      heard(backend);
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

/**
 * Returns when our connection has learned of what another client wrote: the server tells of a write before it replies to
 * the writer, and our connection carries replies behind that.
 */
function heard(backend) {
  backend.open('conformance').exists(['']);
}

/** The store as another client of the server sees it. */
function beside(other, backend) {
  return {
    async set(key, value, ttlMs) {
      const expiry = ttlMs === undefined ? [] : ['PX', ttlMs.toString()];
      await other.sendCommand(['SET', key, Buffer.from(value), ...expiry]);
      heard(backend);
    },
    async delete(key) {
      await other.sendCommand(['DEL', key]);
      heard(backend);
    },
    async get(key) {
      const value = await other.sendCommand(['GET', key]);
      return value === null ? undefined : new Uint8Array(value);
    },
    async spoil(key) {
      await other.sendCommand(['DEL', key]);
      await other.sendCommand(['LPUSH', key, 'x']);
      heard(backend);
    },
  };
}
