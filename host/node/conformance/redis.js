// Node over its own Redis server, whose clock cannot be moved.
import { BackendError, DIGEST, instantiate } from 'flipcache/component';
import { RedisBackend } from 'flipcache/redis';
import { createClient } from '@redis/client';

import { record } from '../../../tests/conformance/js/index.js';
import { startRedis } from '../test/support/redis-server.js';

/** Starts the server. Returns the host, and the function that stops the server. */
export async function startRedisHost() {
  const server = await startRedis();
  const other = await createClient({ url: server.url, commandOptions: { typeMapping: { 36: Buffer } } }).connect();
  const backend = new RedisBackend({ url: server.url });
  const host = {
    name: 'Node',
    store: 'Redis',
    digest: DIGEST,
    has: ['external-writes', 'wrong-type', 'faults', 'coherence', 'changes', 'set-if-absent', 'increment', 'expire', 'extend-ttl'],
    async open() {
      await other.flushAll();
      // Else the invalidation may arrive in the middle of the case and empty the local tier.
      awaitInvalidations(backend);
      const recorder = record(backend, BackendError.of);
      return {
        exports: await instantiate({ backend: recorder.backend }),
        takeCalls: recorder.takeCalls,
        fail: recorder.fail,
        store: otherClient(other, backend),
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
 * Returns once the invalidations of another client's writes have arrived. The server sends them before it replies to the
 * writer, so they precede the reply to this command.
 */
function awaitInvalidations(backend) {
  backend.open('conformance').exists(['']);
}

/** The store as another client of the server sees it. */
function otherClient(other, backend) {
  return {
    async set(key, value, ttlMs) {
      const expiry = ttlMs === undefined ? [] : ['PX', ttlMs.toString()];
      await other.sendCommand(['SET', key, Buffer.from(value), ...expiry]);
      awaitInvalidations(backend);
    },
    async delete(key) {
      await other.sendCommand(['DEL', key]);
      awaitInvalidations(backend);
    },
    async get(key) {
      const value = await other.sendCommand(['GET', key]);
      return value === null ? undefined : new Uint8Array(value);
    },
    async spoil(key) {
      await other.sendCommand(['DEL', key]);
      await other.sendCommand(['LPUSH', key, 'x']);
      awaitInvalidations(backend);
    },
  };
}
