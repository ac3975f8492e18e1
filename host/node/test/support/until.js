// Waits for a condition, not for a time.
import assert from 'node:assert/strict';

const PATIENCE_MS = 20_000;

/** Polls a condition until it holds; other events are processed meanwhile. */
export async function until(condition) {
  const end = performance.now() + PATIENCE_MS;
  while (!(await condition())) {
    assert.ok(performance.now() < end, `waited in vain until ${condition}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
