import { fileURLToPath } from 'node:url';

import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';

import { launch } from '../browser/chromium.js';
import { serve } from '../browser/serve.js';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));

/** The built page in a browser, for the tests of one file. What the page complains of fails the test. */
export class Site {
  #browser: Browser | undefined;
  #server: Awaited<ReturnType<typeof serve>> | undefined;
  #contexts: BrowserContext[] = [];
  readonly complaints: string[] = [];

  constructor(path = '/') {
    beforeAll(async () => {
      [this.#server, this.#browser] = await Promise.all([serve(DIST, path), launch()]);
    });
    afterEach(async () => {
      const contexts = this.#contexts.splice(0);
      await Promise.all(contexts.map((context) => context.close()));
      expect(this.complaints.splice(0)).toEqual([]);
    });
    afterAll(async () => {
      await this.#browser?.close();
      await this.#server?.close();
    });
  }

  get url(): string {
    return this.#server?.url ?? '';
  }

  /** A new profile, whose time stands still but for `page.clock`, and the page in it. */
  async open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#context(options);
    await context.clock.install({ time: new Date('2026-01-01T12:00:00Z') });
    await context.clock.pauseAt(new Date('2026-01-01T12:00:01Z'));
    return this.openIn(context);
  }

  /** The same, in real time. */
  async openInRealTime(options: BrowserContextOptions): Promise<Page> {
    return this.openIn(await this.#context(options));
  }

  /** The page once more: another tab. */
  async openIn(context: BrowserContext): Promise<Page> {
    const page = await context.newPage();
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
    await page.goto(this.url);
    await page.locator('html[data-ready]').waitFor({ state: 'attached' });
    return page;
  }

  async #context(options: BrowserContextOptions): Promise<BrowserContext> {
    if (!this.#browser) throw new Error('the browser is not started');
    const context = await this.#browser.newContext({ reducedMotion: 'reduce', ...options });
    this.#contexts.push(context);
    return context;
  }
}
