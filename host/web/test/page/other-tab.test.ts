import { describe, expect, test } from 'vitest';

import { Reader } from './reader.js';
import { Site } from './site.js';

const site = new Site();

/** The page in two tabs of one browser. */
async function twoTabs(): Promise<[Reader, Reader]> {
  const one = await site.open();
  return [new Reader(one), new Reader(await site.openIn(one.context()))];
}

describe('when another tab writes', () => {
  test('the page invalidates the key, and the next read loads it again', async () => {
    const [mine, other] = await twoTabs();
    await mine.set('a', 'apple');
    await other.set('a', 'apricot');
    await expect.poll(() => mine.local()).toEqual([]);
    expect(await mine.newest()).toContain('Another tab has changed a; the page invalidates it.');
    expect(await mine.newest()).toContain('a left L1: invalidated');
    expect(await mine.counter('Invalidated')).toBe(1);
    await mine.get('a');
    expect(await mine.lastCall()).toEqual({
      verdict: 'L1 miss, L2 hit',
      action: 'get a: “apricot”',
      calls: ['get a → entry'],
    });
  });

  test('a cache that is not notified serves the old value, and the page marks it as stale', async () => {
    const [mine, other] = await twoTabs();
    await mine.option('When another tab writes', 'the cache is not notified');
    await mine.set('a', 'apple');
    await other.set('a', 'apricot');
    await expect.poll(() => mine.newest()).toContain('Another tab has changed a.');
    await mine.get('a');
    expect(await mine.lastCall()).toEqual({
      verdict: 'L1 hit',
      action: 'get a: “apple”',
      calls: [],
    });
    expect(await mine.page.locator('#l1-list .note').allTextContents()).toEqual([
      'stale: L2 differs',
    ]);
  });

  test('a cache that polls at each read learns of it then', async () => {
    const [mine, other] = await twoTabs();
    await mine.option('When another tab writes', 'the cache polls at each read');
    await mine.set('a', 'apple');
    await mine.get('a');
    expect((await mine.lastCall()).calls).toEqual([
      expect.stringMatching(/^changes since \d+ → no changes$/),
    ]);
    await other.set('a', 'apricot');
    await expect.poll(() => mine.newest()).toContain('Another tab has changed a.');
    expect(await mine.local()).toEqual(['a']);
    await mine.get('a');
    expect(await mine.lastCall()).toEqual({
      verdict: 'L1 miss, L2 hit',
      action: 'get a: “apricot”',
      calls: [expect.stringMatching(/^changes since \d+ → changed: a$/), 'get a → entry'],
    });
    expect(await mine.newest()).toContain('a was removed (invalidated) and loaded again');
  });

  test('a key of another cache, nothing changes', async () => {
    const [mine, other] = await twoTabs();
    await mine.set('a', 'apple');
    await other.option('Name', 'elsewhere');
    await other.set('a', 'apricot');
    await other.option('Name', 'demo');
    await other.set('b', 'banana');
    await expect.poll(() => mine.newest()).toContain('Another tab has changed b');
    expect(await mine.local()).toEqual(['a']);
  });

  test('and clears the storage, the local tier is flushed', async () => {
    const [mine, other] = await twoTabs();
    await mine.set('a', 'apple');
    await other.page.evaluate(() => localStorage.clear());
    await expect.poll(() => mine.newest()).toContain('Another tab may have changed any key');
    expect([await mine.local(), await mine.counter('Flushed')]).toEqual([[], 1]);
    await mine.get('a');
    expect((await mine.lastCall()).verdict).toBe('Miss in both tiers');
  });
});

test('the buttons of the page write like another tab', async () => {
  const [mine, other] = await twoTabs();
  await mine.set('a', 'apple');
  await mine.setThere('a', 'apricot');
  await expect.poll(() => mine.local()).toEqual([]);
  expect(await mine.newest()).toContain('a left L1: invalidated');
  expect(await mine.stored()).toEqual({ a: 'apricot' });
  await expect.poll(() => other.newest()).toContain('Another tab has changed a');
  await mine.get('a');
  await mine.page.getByRole('button', { name: 'Delete there' }).click();
  await expect.poll(() => mine.local()).toEqual([]);
  expect(await mine.stored()).toEqual({});
});
