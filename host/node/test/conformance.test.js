// A host with a fault fails the suite.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { line, run } from '../../../tests/conformance/js/index.js';
import { memoryHost } from '../conformance/memory.js';
import { suites } from '../conformance/suite.js';

/** Returns the cases that fail if members of the world are replaced. */
async function failuresIf(change) {
  const open = async () => {
    const world = await memoryHost.open();
    return { ...world, ...change(world) };
  };
  const { failed } = await run(suites(), { ...memoryHost, open });
  return Object.keys(failed);
}

test('all cases pass in memory, and the line says so', async () => {
  const report = await run(suites(), memoryHost);
  assert.deepEqual(report.failed, {});
  assert.ok(report.passed.length > 100);
  assert.match(line(report), /^Node over memory: [0-9]+ passed, [0-9]+ left out, 0 failed \(sha256 [0-9a-f]{64}\)$/);
});

test('a host with a stopped clock fails', async () => {
  const failed = await failuresIf(() => ({ wait: () => {} }));
  assert.ok(failed.includes('ttl/entry_expires_in_both_tiers'), failed.join());
});

test('a host that forwards no invalidations fails', async () => {
  const ignoring = { invalidate() {}, invalidateAll() {}, suspend() {}, resume() {} };
  const failed = await failuresIf(({ exports }) => ({ exports: { ...exports, coherence: ignoring } }));
  assert.ok(failed.some((name) => name.startsWith('coherence/')), failed.join());
});

test('a host that repeats or omits calls fails', async () => {
  const twice = await failuresIf(({ takeCalls }) => ({ takeCalls: () => takeCalls().flatMap((call) => [call, call]) }));
  const never = await failuresIf(({ takeCalls }) => ({ takeCalls: () => takeCalls().slice(1) }));
  for (const failed of [twice, never]) {
    assert.ok(failed.includes('reading/get_present_key_fills_the_local_tier'), failed.join());
  }
});

test('a host that injects no faults fails', async () => {
  const failed = await failuresIf(() => ({ fail: () => {} }));
  assert.ok(failed.includes('failures/failed_read_returns_the_backend_error'), failed.join());
});
