import { fileURLToPath } from 'node:url';

import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';

import { launch } from '../browser/chromium.js';
import { serve } from '../browser/serve.js';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));

/**
 * The built page in a browser, for the tests of one file. Console errors and warnings fail the
 * test.
 */
export class Site {
  #browser: Browser | undefined;
  #server: Awaited<ReturnType<typeof serve>> | undefined;
  #contexts: BrowserContext[] = [];
  readonly consoleErrors: string[] = [];

  constructor(path = '/') {
    beforeAll(async () => {
      [this.#server, this.#browser] = await Promise.all([serve(DIST, path), launch()]);
    });
    afterEach(async () => {
      const contexts = this.#contexts.splice(0);
      await Promise.all(contexts.map((context) => context.close()));
      expect(this.consoleErrors.splice(0)).toEqual([]);
    });
    afterAll(async () => {
      await this.#browser?.close();
      await this.#server?.close();
    });
  }

  get url(): string {
    return this.#server?.url ?? '';
  }

  /** Opens the page in a new profile. Time advances only by `page.clock`. */
  async open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#context(options);
    await context.clock.install({ time: new Date('2026-01-01T12:00:00Z') });
    await context.clock.pauseAt(new Date('2026-01-01T12:00:01Z'));
    return this.openIn(context);
  }

  /** Opens the page in a new profile in real time. */
  async openInRealTime(options: BrowserContextOptions): Promise<Page> {
    return this.openIn(await this.#context(options));
  }

  /** Opens the page in another tab of a context. */
  async openIn(context: BrowserContext): Promise<Page> {
    const page = await context.newPage();
    page.on('pageerror', (error) => this.consoleErrors.push(String(error)));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.consoleErrors.push(message.text());
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
