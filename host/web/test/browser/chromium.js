// @ts-check
/**
 * Starts a headless Chromium: Debian's, or another one.
 *
 * @module
 */
import { existsSync } from 'node:fs';

import { chromium } from 'playwright-core';

/** Where it is searched for, unless `FLIPCACHE_CHROMIUM` names one. */
const PLACES = ['chromium', 'chromium-browser', 'google-chrome'].map((name) => `/usr/bin/${name}`);

/** Returns the launch options. Each launch has a temporary profile. */
export function launchOptions() {
  const named = process.env['FLIPCACHE_CHROMIUM'];
  const executablePath = (named ? [named] : PLACES).find((path) => existsSync(path));
  if (executablePath === undefined) {
    throw new Error(
      `cannot find ${named ?? 'Chromium'}; install the package chromium, or set FLIPCACHE_CHROMIUM to its path`,
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
