import { describe, expect, test } from 'vitest';

import { TOUR } from '../../src/page/tour-script.js';
import { Reader } from './reader.js';
import { Site } from './site.js';

const site = new Site();

interface Seen {
  readonly local: string[];
  readonly verdict: string;
}

async function snapshot(r: Reader): Promise<Seen> {
  return { local: await r.local(), verdict: (await r.lastCall()).verdict };
}

/** The local tier after each step of the tour, and the tier that served the last read. */
const CLAIMS: readonly Seen[] = [
  { local: [], verdict: '' },
  { local: ['a'], verdict: '' },
  { local: ['a', 'b', 'c'], verdict: '' },
  { local: ['a', 'b', 'c'], verdict: 'L1 hit' },
  { local: ['b', 'c', 'd'], verdict: '' },
  { local: ['c', 'd', 'a'], verdict: 'L1 miss, L2 hit' },
  { local: ['c', 'd', 'a'], verdict: 'Miss in both tiers' },
  { local: ['c', 'd', 'a'], verdict: '' },
  { local: ['d', 'a', 'c'], verdict: 'L1 hit' },
  { local: ['a', 'c', 'e'], verdict: '' },
  { local: ['a', 'e'], verdict: '' },
  { local: ['a', 'e', 'c'], verdict: 'L1 miss, L2 hit' },
  { local: ['e', 'c', 'f'], verdict: '' },
  { local: ['e', 'c'], verdict: 'Miss in both tiers' },
  { local: ['e', 'c'], verdict: '' },
];

const caption = (r: Reader) => r.page.locator('#tour-caption').innerText();

test('each step shows what its caption says', async () => {
  expect(CLAIMS).toHaveLength(TOUR.length);
  const r = new Reader(await site.open());
  for (const [at, claim] of CLAIMS.entries()) {
    await r.page.getByRole('button', { name: 'Next step' }).click();
    expect(await caption(r)).toBe(TOUR[at]?.caption);
    await expect.poll(() => snapshot(r), { message: TOUR[at]?.caption ?? '' }).toEqual(claim);
    // Until f has expired.
    if (TOUR[at]?.ms) await r.page.clock.runFor(TOUR[at].ms);
  }
  expect(await r.page.locator('#tour-place').innerText()).toBe('15 of 15');
});

describe('while it plays', () => {
  test('it runs all steps in about a minute and stops at the end', async () => {
    const r = new Reader(await site.open());
    await r.page.getByRole('button', { name: 'Play' }).click();
    expect(await caption(r)).toBe(TOUR[0]?.caption);
    await r.page.clock.runFor(30_000);
    expect(await r.page.locator('#tour-place').innerText()).toBe('8 of 15');
    // The browser delivers the other tab's event in real time, whatever the page's clock says.
    await r.page.clock.runFor(13_000);
    expect(await r.page.locator('#tour-place').innerText()).toBe('11 of 15');
    await expect
      .poll(() => r.local(), { message: 'the page receives the other tab’s event' })
      .toEqual(['a', 'e']);
    await r.page.clock.runFor(32_000);
    expect(await caption(r)).toBe(TOUR.at(-1)?.caption);
    expect(await r.page.locator('#tour-play').innerText()).toBe('Play again');
    expect(await r.local()).toEqual(['e', 'c']);
  });

  test('it can be paused, stepped, and resumed from there', async () => {
    const r = new Reader(await site.open());
    const button = r.page.locator('#tour-play');
    await button.click();
    await r.page.clock.runFor(5000);
    await button.click();
    expect([await button.innerText(), await caption(r)]).toEqual(['Play', TOUR[1]?.caption]);
    await r.page.clock.runFor(60_000);
    expect(await caption(r)).toBe(TOUR[1]?.caption);
    await r.page.getByRole('button', { name: 'Next step' }).click();
    expect(await r.local()).toEqual(['a', 'b', 'c']);
    await button.click();
    expect([await button.innerText(), await caption(r)]).toEqual(['Pause', TOUR[3]?.caption]);
    await r.page.getByRole('button', { name: 'Start over' }).click();
    expect([await button.innerText(), await caption(r), await r.local()]).toEqual([
      'Play',
      TOUR[0]?.caption,
      [],
    ]);
  });

  test('it stops when the user does something, and leaves the user’s cache alone', async () => {
    const r = new Reader(await site.open());
    await r.set('mine', 'my value');
    await r.page.locator('#tour-play').click();
    await r.page.clock.runFor(5000);
    await r.get('a');
    await r.page.clock.runFor(60_000);
    expect(await caption(r)).toBe(TOUR[1]?.caption);
    await r.option('Name', 'demo');
    expect([await r.local(), await r.stored()]).toEqual([['mine'], { mine: 'my value' }]);
  });
});

test('on a phone the tour and the tiers are visible together', async () => {
  const r = new Reader(
    await site.open({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }),
  );
  await r.page.getByRole('button', { name: 'Next step' }).tap();
  await r.page.getByRole('button', { name: 'Next step' }).tap();
  for (const id of ['tour-caption', 'tour-step', 'action', 'l1-title', 'l2-title']) {
    const box = await r.page.locator(`#${id}`).boundingBox();
    expect(box?.y, id).toBeGreaterThanOrEqual(0);
    expect((box?.y ?? Infinity) + (box?.height ?? 0), id).toBeLessThanOrEqual(740);
  }
});
