// @ts-check
/**
 * A Chromium without a screen: Debian's, or another one.
 *
 * @module
 */
import { existsSync } from 'node:fs';

import { chromium } from 'playwright-core';

/** Where it is looked for, unless `FLIPCACHE_CHROMIUM` names one. */
const PLACES = ['chromium', 'chromium-browser', 'google-chrome'].map((name) => `/usr/bin/${name}`);

/** How it is started; each start has a profile of its own, which goes with it. */
export function launchOptions() {
  const named = process.env['FLIPCACHE_CHROMIUM'];
  const executablePath = (named ? [named] : PLACES).find((path) => existsSync(path));
  if (executablePath === undefined) {
    throw new Error(
      `There is no ${named ?? 'Chromium'}. Install the package chromium, or name a Chromium in FLIPCACHE_CHROMIUM.`,
    );
  }
  return {
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  };
}

export function launch() {
  return chromium.launch(launchOptions());
}
