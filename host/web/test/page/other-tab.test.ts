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
  test('the page tells the cache, which drops the entry and asks anew', async () => {
    const [mine, other] = await twoTabs();
    await mine.set('a', 'apple');
    await other.set('a', 'apricot');
    await expect.poll(() => mine.local()).toEqual([]);
    expect(await mine.newest()).toContain('Another tab has changed a; the cache is told.');
    expect(await mine.newest()).toContain('a left L1: changed by others');
    expect(await mine.counter('Changed by others')).toBe(1);
    await mine.get('a');
    expect(await mine.lastCall()).toEqual({
      verdict: 'L1 missed, L2 answered',
      deed: 'get a: “apricot”',
      calls: ['get a → entry'],
    });
  });

  test('a cache that nobody tells answers the old value, and the page shows that it is old', async () => {
    const [mine, other] = await twoTabs();
    await mine.option('When another tab writes', 'nobody tells the cache');
    await mine.set('a', 'apple');
    await other.set('a', 'apricot');
    await expect.poll(() => mine.newest()).toContain('Another tab has changed a.');
    await mine.get('a');
    expect(await mine.lastCall()).toEqual({ verdict: 'Hit: L1 answered', deed: 'get a: “apple”', calls: [] });
    expect(await mine.page.locator('#l1-list .note').allTextContents()).toEqual(['old: L2 differs']);
  });

  test('a cache that asks at each read hears of it then', async () => {
    const [mine, other] = await twoTabs();
    await mine.option('When another tab writes', 'the cache asks at each read');
    await mine.set('a', 'apple');
    await mine.get('a');
    expect((await mine.lastCall()).calls).toEqual([expect.stringMatching(/^changes since \d+ → nothing new$/)]);
    await other.set('a', 'apricot');
    await expect.poll(() => mine.newest()).toContain('Another tab has changed a.');
    expect(await mine.local()).toEqual(['a']);
    await mine.get('a');
    expect(await mine.lastCall()).toEqual({
      verdict: 'L1 missed, L2 answered',
      deed: 'get a: “apricot”',
      calls: [expect.stringMatching(/^changes since \d+ → changed: a$/), 'get a → entry'],
    });
    expect(await mine.newest()).toContain('a was dropped (changed by others) and entered anew');
  });

  test('a key of another cache, nothing happens', async () => {
    const [mine, other] = await twoTabs();
    await mine.set('a', 'apple');
    await other.option('Name', 'elsewhere');
    await other.set('a', 'apricot');
    await other.option('Name', 'demo');
    await other.set('b', 'banana');
    await expect.poll(() => mine.newest()).toContain('Another tab has changed b');
    expect(await mine.local()).toEqual(['a']);
  });

  test('and empties the storage, everything is void', async () => {
    const [mine, other] = await twoTabs();
    await mine.set('a', 'apple');
    await other.page.evaluate(() => localStorage.clear());
    await expect.poll(() => mine.newest()).toContain('Another tab may have changed anything');
    expect([await mine.local(), await mine.counter('Void')]).toEqual([[], 1]);
    await mine.get('a');
    expect((await mine.lastCall()).verdict).toBe('Miss: neither has it');
  });
});

test('the buttons of the page do what another tab does', async () => {
  const [mine, other] = await twoTabs();
  await mine.set('a', 'apple');
  await mine.setThere('a', 'apricot');
  await expect.poll(() => mine.local()).toEqual([]);
  expect(await mine.newest()).toContain('a left L1: changed by others');
  expect(await mine.stored()).toEqual({ a: 'apricot' });
  await expect.poll(() => other.newest()).toContain('Another tab has changed a');
  await mine.get('a');
  await mine.page.getByRole('button', { name: 'Delete there' }).click();
  await expect.poll(() => mine.local()).toEqual([]);
  expect(await mine.stored()).toEqual({});
});
