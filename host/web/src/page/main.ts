import { BackendError, DIGEST } from 'flipcache/component';
import componentUrl from 'flipcache/flipcache.wasm?url';

import { LocalStorageBackend } from '../store/index.js';
import { MemoryStorage } from './memory-storage.js';
import { OtherTab } from './other-tab.js';
import type { Report } from './report.js';
import { Session } from './session.js';
import { DEFAULTS } from './settings.js';
import { TOUR } from './tour-script.js';
import { Controls } from './view/controls.js';
import { Counters } from './view/counters.js';
import { byId, write } from './view/dom.js';
import { Journal } from './view/journal.js';
import { LastCall } from './view/last-call.js';
import { OptionControls } from './view/options.js';
import { Tiers } from './view/tiers.js';
import { Tour } from './view/tour.js';

/** How often TTLs are checked, in milliseconds. */
const TICK_MS = 200;

try {
  await begin();
} catch (error) {
  showBanner(
    `The cache cannot run here: ${error instanceof Error ? error.message : String(error)}`,
  );
  throw error;
}

async function begin(): Promise<void> {
  const { backend, isShared } = openStore();
  const session = await Session.start(backend, DEFAULTS);
  const otherTab = isShared ? new OtherTab(document) : undefined;
  const steps = TOUR.filter(({ needsOtherTab }) => otherTab || !needsOtherTab);
  const tour = new Tour(steps, (step) => step.run(session, otherTab));
  const controls = new Controls(session, otherTab, () => tour.leave());
  const options = new OptionControls(session, () => tour.leave());
  const tiers = new Tiers(session, (key) => controls.get(key));
  const [lastCall, journal, counters] = [new LastCall(), new Journal(), new Counters()];
  const show = (report?: Report) => {
    tiers.show();
    counters.show(session.stats());
    if (report?.action.kind === 'apply' && !report.error) options.show(session.settings);
    if (report) lastCall.show(report);
    if (report) journal.add(report);
  };
  session.listen(show);
  write(byId('digest', HTMLElement), DIGEST);
  byId('component', HTMLAnchorElement).href = componentUrl;
  options.show(session.settings);
  show();
  setInterval(() => {
    session.tick();
    tiers.show();
  }, TICK_MS);
  document.documentElement.dataset['ready'] = 'true';
}

/** Opens `localStorage`, or the page's memory where the browser denies it. */
function openStore(): { backend: LocalStorageBackend; isShared: boolean } {
  try {
    return { backend: new LocalStorageBackend(), isShared: true };
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    showBanner(
      'This browser denies the page a localStorage. L2 is the page’s memory instead: ' +
        'it works the same, but ends with the page and is not shared with other tabs.',
    );
    return { backend: new LocalStorageBackend({ storage: new MemoryStorage() }), isShared: false };
  }
}

function showBanner(text: string): void {
  const banner = byId('banner', HTMLElement);
  banner.hidden = false;
  write(banner, text);
}
