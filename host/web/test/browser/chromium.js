// @ts-check
/**
 * Debian's Chromium, without a screen.
 *
 * @module
 */
import { existsSync } from 'node:fs';

import { chromium } from 'playwright-core';

/** How it is started; each start has a profile of its own, which goes with it. */
export function launchOptions() {
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    throw new Error(`There is no ${executablePath}. Install the package chromium, or name a Chromium in CHROMIUM.`);
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
