import axe from 'axe-core';
import type { AxeResults } from 'axe-core';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';

import { Reader } from './reader.js';
import { Site } from './site.js';

const site = new Site();

const PHONE = {
  viewport: { width: 360, height: 640 },
  hasTouch: true,
  isMobile: true,
  deviceScaleFactor: 2,
};

/** Makes the page show one of everything: hits, TTLs, a stale entry, an error. */
async function fillPage(r: Reader): Promise<void> {
  await r.option('When another tab writes', 'the cache is not notified');
  await r.option('TTL in seconds', '60');
  for (const key of ['a', 'b', 'a key that is longer than its place on a phone'])
    await r.set(key, `${key} `.repeat(9));
  await r.get('a');
  await r.get('absent');
  await r.setThere('a', 'apricot');
  await expect.poll(() => r.newest()).toContain('Another tab has changed a');
  await r.page.evaluate(() => localStorage.setItem('flipcache:demo:junk', 'other data'));
  await r.get('junk');
  await r.option('TTL in seconds', 'soon');
  await r.page.getByRole('button', { name: 'Next step' }).focus();
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const results = await page.evaluate(() => {
    const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } };
    return axe.run({
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
  });
  expect(results.passes.length).toBeGreaterThan(20);
  return results.violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`,
  );
}

describe.each<[string, BrowserContextOptions]>([
  ['in light colors', { colorScheme: 'light' }],
  ['in dark colors', { colorScheme: 'dark' }],
  ['on a phone', PHONE],
  ['on a phone in dark colors', { ...PHONE, colorScheme: 'dark' }],
])('%s', (_, options) => {
  test('axe finds nothing, on an empty page and on a full one', async () => {
    const r = new Reader(await site.openInRealTime(options));
    expect(await violations(r.page)).toEqual([]);
    await fillPage(r);
    expect(await violations(r.page)).toEqual([]);
  });
});

test.each([320, 360, 768, 1280])('nothing overflows a screen of %i pixels', async (width) => {
  const r = new Reader(await site.open({ viewport: { width, height: 700 } }));
  await fillPage(r);
  const widths = await r.page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.body.scrollWidth,
  ]);
  expect(Math.max(...widths)).toBeLessThanOrEqual(width);
});

test('the color schemes are dark and light', async () => {
  const backgrounds = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await site.open({ colorScheme });
    const color = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    backgrounds.push(Math.max(...(color.match(/\d+/g) ?? []).map(Number)));
  }
  expect(backgrounds[0]).toBeGreaterThan(230);
  expect(backgrounds[1]).toBeLessThan(40);
});

describe('by keyboard alone', () => {
  /** The id or the text of the focused element. */
  const focused = (page: Page) =>
    page.evaluate(() => {
      const { id, textContent } = document.activeElement ?? document.body;
      return id || (textContent ?? '').trim();
    });

  test('tab visits each control in page order, with a visible outline', async () => {
    const page = await site.open();
    const order: string[] = [];
    const withoutOutline: string[] = [];
    for (let at = 0; at < 40; at += 1) {
      await page.keyboard.press('Tab');
      const name = await focused(page);
      if (await page.evaluate(() => document.activeElement === document.body)) break;
      order.push(name);
      const outline = await page.evaluate(
        () => getComputedStyle(document.activeElement ?? document.body).outlineStyle,
      );
      if (outline === 'none') withoutOutline.push(name);
    }
    expect(order).toEqual([
      'Skip to the cache',
      'tour-play',
      'tour-step',
      'key',
      'get',
      'value',
      'set',
      'delete',
      'other-tab-set',
      'other-tab-delete',
      'name',
      'fifo',
      'local-max',
      'ttl',
      'key-type',
      'coherence',
      'refresh-ttl',
      'clear',
      'restart',
      'log',
      'Open this page in a second tab',
      'component',
    ]);
    expect(withoutOutline).toEqual([]);
  });

  test('the cache can be filled, read and changed', async () => {
    const page = await site.open();
    const r = new Reader(page);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('get');
    await page.keyboard.press('Shift+Tab');
    for (const key of ['a', 'b']) {
      await page.keyboard.press('Control+A');
      await page.keyboard.type(key);
      await page.keyboard.press('Tab');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Control+A');
      await page.keyboard.type(`value of ${key}`);
      await page.keyboard.press('Enter');
      await page.keyboard.press('Shift+Tab');
      await page.keyboard.press('Shift+Tab');
    }
    expect(await r.stored()).toEqual({ a: 'value of a', b: 'value of b' });
    await page.keyboard.press('Enter');
    expect(await r.lastCall()).toMatchObject({ verdict: 'L1 hit', action: 'get b: “value of b”' });
    await page.locator('#fifo').focus();
    await page.keyboard.press('ArrowRight');
    await page.locator('#l1-list button').first().focus();
    await page.keyboard.press('Enter');
    expect(await r.local()).toEqual(['b', 'a']);
    expect(await focused(page)).toContain('a');
  });

  test('the focus moves on when its entry leaves', async () => {
    const r = new Reader(await site.open());
    await r.option('TTL in seconds', '5');
    await r.set('a', 'apple');
    await r.page.clock.runFor(1000);
    await r.set('b', 'banana');
    await r.page.locator('#l1-list button').first().focus();
    await r.page.clock.runFor(4200);
    expect(await r.local()).toEqual(['b']);
    expect(await focused(r.page)).toContain('banana');
    await r.page.clock.runFor(1000);
    expect(await focused(r.page)).toBe('l1-list');
  });
});

describe('motion', () => {
  const moving = (page: Page) =>
    page.evaluate(() => document.getAnimations().filter(({ effect }) => effect !== null).length);

  test('shows entries that enter, unless reduced motion is preferred', async () => {
    for (const [reducedMotion, isMoving] of [
      ['no-preference', true],
      ['reduce', false],
    ] as const) {
      const page = await site.open({ reducedMotion });
      const r = new Reader(page);
      const most = await page.evaluate(async () => {
        let most = 0;
        new MutationObserver(() =>
          queueMicrotask(() => (most = Math.max(most, document.getAnimations().length))),
        ).observe(document.getElementById('l1-list') ?? document.body, { childList: true });
        document.getElementById('set')?.click();
        await new Promise((resolve) =>
          queueMicrotask(() => queueMicrotask(() => queueMicrotask(() => resolve(undefined)))),
        );
        return most;
      });
      expect(most > 0).toBe(isMoving);
      expect(await r.local()).toEqual(['a']);
      if (!isMoving) expect(await moving(page)).toBe(0);
    }
  });
});
