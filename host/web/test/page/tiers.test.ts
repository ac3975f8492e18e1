import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

import { describe, expect, test } from 'vitest';

import { Reader } from './reader.js';
import { Site } from './site.js';

const site = new Site();

async function reader(localMax = 3): Promise<Reader> {
  const reader = new Reader(await site.open());
  await reader.option('L1 holds at most', String(localMax));
  return reader;
}

describe('eviction', () => {
  test('under FIFO removes the entry inserted first, though it was read and overwritten', async () => {
    const r = await reader();
    for (const key of ['a', 'b', 'c']) await r.set(key, key);
    await r.get('a');
    await r.set('a', 'again');
    expect(await r.local()).toEqual(['a', 'b', 'c']);
    await r.set('d', 'd');
    expect(await r.local()).toEqual(['b', 'c', 'd']);
    expect(await r.newest()).toContain('a left L1: evicted');
    expect(await r.counter('Evicted')).toBe(1);
    expect(await r.counter('Overwritten')).toBe(1);
    expect(await r.stored()).toEqual({ a: 'again', b: 'b', c: 'c', d: 'd' });
    expect(await r.page.locator('#l1-left').innerText()).toBe('a (evicted)');
  });

  test('under LRU removes the least recently used entry: a hit moves its entry to the end', async () => {
    const r = await reader();
    await r.evictBy('LRU');
    for (const key of ['a', 'b', 'c']) await r.set(key, key);
    await r.get('a');
    expect(await r.local()).toEqual(['b', 'c', 'a']);
    expect(await r.newest()).toContain('a moved to the end');
    await r.set('d', 'd');
    expect(await r.local()).toEqual(['c', 'a', 'd']);
    expect(await r.newest()).toContain('b left L1: evicted');
  });

  test('follows a smaller bound at once', async () => {
    const r = await reader();
    for (const key of ['a', 'b', 'c']) await r.set(key, key);
    await r.option('L1 holds at most', '1');
    expect(await r.local()).toEqual(['c']);
    expect(await r.counter('Evicted')).toBe(2);
    await r.option('L1 holds at most', '0');
    await r.get('c');
    expect(await r.local()).toEqual([]);
    expect((await r.lastCall()).calls).toEqual(['get c → entry']);
  });
});

test('a miss calls L2 each time, a value from L2 is cached, and then L1 serves it', async () => {
  const r = await reader();
  await r.get('a');
  await r.get('a');
  expect(await r.lastCall()).toEqual({
    verdict: 'Miss in both tiers',
    action: 'get a: nothing',
    calls: ['get a → absent'],
  });
  await r.set('a', 'apple');
  expect(await r.lastCall()).toEqual({
    verdict: '',
    action: 'set a to “apple”: written',
    calls: ['set a → done'],
  });
  await r.page.getByRole('button', { name: 'New instance' }).click();
  await expect.poll(() => r.local()).toEqual([]);
  await r.get('a');
  expect(await r.lastCall()).toEqual({
    verdict: 'L1 miss, L2 hit',
    action: 'get a: “apple”',
    calls: ['get a → entry'],
  });
  await r.get('a');
  expect(await r.lastCall()).toEqual({ verdict: 'L1 hit', action: 'get a: “apple”', calls: [] });
  const counts = ['L1 hits', 'L2 hits', 'Misses'].map((label) => r.counter(label));
  expect(await Promise.all(counts)).toEqual([1, 1, 0]);
});

test('a delete removes the key from both tiers', async () => {
  const r = await reader();
  await r.set('a', 'apple');
  await r.delete('a');
  expect(await r.local()).toEqual([]);
  expect(await r.stored()).toEqual({});
  expect(await r.newest()).toContain('a left L1: deleted');
  await r.delete('a');
  expect(await r.lastCall()).toMatchObject({
    action: 'delete a: not found',
    calls: ['delete a → 0'],
  });
});

test('a click on an entry in either tier reads it', async () => {
  const r = await reader(1);
  await r.set('a', 'apple');
  await r.set('b', 'banana');
  await r.page.locator('#l2-list').getByRole('button', { name: 'Get a' }).click();
  expect((await r.lastCall()).verdict).toBe('L1 miss, L2 hit');
  await r.page.locator('#l1-list').getByRole('button', { name: 'Get a' }).click();
  expect((await r.lastCall()).verdict).toBe('L1 hit');
});

describe('a TTL', () => {
  test('counts down in both tiers and expires in both at once', async () => {
    const r = await reader();
    await r.option('TTL in seconds', '5');
    await r.set('a', 'apple');
    expect((await r.lastCall()).calls).toEqual(['set a 5000 ms → done']);
    await r.page.clock.runFor(3000);
    expect(await r.page.locator('.ttl').allTextContents()).toEqual(['2.0 s', '2.0 s']);
    await r.page.clock.runFor(1800);
    expect(await r.local()).toEqual(['a']);
    await r.page.clock.runFor(400);
    expect(await r.local()).toEqual([]);
    expect(await r.stored()).toEqual({});
    expect(await r.newest()).toContain('Expired in both tiers: a.');
    expect(await r.counter('Expired')).toBe(1);
    await r.get('a');
    expect((await r.lastCall()).verdict).toBe('Miss in both tiers');
  });

  test('is restarted by a read, if that is enabled and less than seven eighths of it are left', async () => {
    const r = await reader();
    await r.option('TTL in seconds', '5');
    await r.page.getByLabel('A read restarts the TTL').check();
    await r.set('a', 'apple');
    await r.get('a');
    expect((await r.lastCall()).calls).toEqual([]);
    await r.page.clock.runFor(4000);
    await r.get('a');
    expect((await r.lastCall()).calls).toEqual(['get a 5000 ms → entry']);
    await r.page.clock.runFor(4000);
    expect(await r.local()).toEqual(['a']);
  });

  test('that passed while the page was suspended has expired when it resumes', async () => {
    const r = await reader();
    await r.option('TTL in seconds', '5');
    await r.set('a', 'apple');
    await r.page.clock.fastForward(60_000);
    await r.get('a');
    expect((await r.lastCall()).verdict).toBe('Miss in both tiers');
  });
});

test('the empty text is a valid key, shown in quotes', async () => {
  const r = await reader();
  await r.set('', 'nothing');
  expect([await r.local(), await r.newest()]).toEqual([
    ['“”'],
    expect.stringContaining('set “” to “nothing”: written.'),
  ]);
  await r.page.locator('#l1-list').getByRole('button', { name: 'Get “”' }).click();
  expect(await r.lastCall()).toMatchObject({ verdict: 'L1 hit', action: 'get “”: “nothing”' });
});

test('L2 outlives the page, the local tier does not', async () => {
  const r = await reader();
  await r.set('a', 'apple');
  await r.page.reload();
  await r.page.locator('html[data-ready]').waitFor({ state: 'attached' });
  expect(await r.local()).toEqual([]);
  expect(await r.stored()).toEqual({ a: 'apple' });
});

test('clear empties both tiers of this cache and leaves other caches alone', async () => {
  const r = await reader();
  await r.set('a', 'apple');
  await r.option('Name', 'other');
  await r.set('b', 'banana');
  await r.page.getByRole('button', { name: 'Clear both tiers' }).click();
  expect(await r.lastCall()).toMatchObject({
    action: 'clear: 1 key deleted',
    calls: ['clear → 1'],
  });
  expect([await r.local(), await r.stored()]).toEqual([[], {}]);
  await r.option('Name', 'demo');
  expect([await r.local(), await r.stored()]).toEqual([['a'], { a: 'apple' }]);
});

test('the page shows the digest of its component and offers the file', async () => {
  const { page } = await reader();
  const component = await readFile(
    createRequire(import.meta.url).resolve('flipcache/flipcache.wasm'),
  );
  const digest = createHash('sha256').update(component).digest('hex');
  expect(await page.locator('#digest').innerText()).toBe(digest);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'flipcache.wasm' }).click(),
  ]);
  expect(component.equals(await readFile(await download.path()))).toBe(true);
});
