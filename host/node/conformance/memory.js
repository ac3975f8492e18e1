// Node over the store in memory. The suite moves both clocks.
import { BackendError, DIGEST, instantiate } from 'flipcache/component';
import { MemoryBackend } from 'flipcache/memory';

import { record } from '../../../tests/conformance/js/index.js';

export const memoryHost = {
  name: 'Node',
  store: 'memory',
  digest: DIGEST,
  has: ['clock', 'external-writes', 'faults', 'coherence', 'changes', 'set-if-absent', 'increment', 'expire', 'extend-ttl'],
  async open() {
    let elapsed = 1_000_000_000n;
    const now = () => elapsed;
    const backend = new MemoryBackend({ now });
    const recorder = record(backend, BackendError.of);
    return {
      exports: await instantiate({ backend: recorder.backend, now }),
      takeCalls: recorder.takeCalls,
      fail: recorder.fail,
      wait(ms) {
        elapsed += BigInt(ms) * 1_000_000n;
      },
      store: otherClient(backend),
    };
  },
};

/** The store as another client sees it: each call opens its own handle. */
function otherClient(backend) {
  const at = (key) => {
    const [name] = key.split(':', 1);
    return [backend.open(name), key.slice(name.length + 1)];
  };
  return {
    set(key, value, ttlMs) {
      const [bucket, own] = at(key);
      bucket.set([[own, value]], ttlMs);
    },
    delete(key) {
      const [bucket, own] = at(key);
      bucket.delete([own]);
    },
    get(key) {
      const [bucket, own] = at(key);
      const [slot] = bucket.get([own], undefined);
      return slot.tag === 'entry' ? slot.val.value : undefined;
    },
  };
}
