// Waiting for the thing itself.
import assert from 'node:assert/strict';

const PATIENCE_MS = 20_000;

/** Asks again and again until it is so; other things happen meanwhile. */
export async function until(isSo) {
  const end = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    assert.ok(performance.now() < end, `waited in vain until ${isSo}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
