import { BackendError } from 'flipcache/component';

import type { OtherTab } from '../other-tab.js';
import type { Report } from '../report.js';
import type { Session } from '../session.js';
import { byId } from './dom.js';
import { showError } from './write-errors.js';

/** The controls for calls of the cache, and for writes beside it. */
export class Controls {
  readonly #session: Session;
  readonly #otherTab: OtherTab | undefined;
  readonly #onAction: () => void;
  readonly #key = byId('key', HTMLInputElement);
  readonly #value = byId('value', HTMLInputElement);

  /** `onAction` is called before each action. Without another tab, its buttons are disabled. */
  constructor(session: Session, otherTab: OtherTab | undefined, onAction: () => void) {
    this.#session = session;
    this.#otherTab = otherTab;
    this.#onAction = onAction;
    byId('ask', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      // Enter in the value field sets the value that was just typed.
      if (document.activeElement === this.#value) this.#set();
      else this.get(this.#key.value);
    });
    this.#onClick('set', () => this.#set());
    this.#onClick('delete', () => this.#do(() => session.delete(this.#key.value)));
    this.#onClick('other-tab-set', () =>
      this.#inOtherTab((tab, name, key) => tab.set(name, key, this.#value.value)),
    );
    this.#onClick('other-tab-delete', () =>
      this.#inOtherTab((tab, name, key) => tab.delete(name, key)),
    );
    for (const id of ['other-tab-set', 'other-tab-delete'])
      byId(id, HTMLButtonElement).disabled = !otherTab;
  }

  get(key: string): void {
    this.#key.value = key;
    this.#do(() => this.#session.get(key));
  }

  #set(): void {
    this.#do(() => this.#session.set(this.#key.value, this.#value.value));
  }

  #do(action: () => Report): void {
    this.#onAction();
    showError('error', action().error, { 'invalid-key': this.#key });
  }

  #inOtherTab(work: (tab: OtherTab, name: string, key: string) => void): void {
    this.#onAction();
    showError('error', undefined, { 'invalid-key': this.#key });
    try {
      if (this.#otherTab) work(this.#otherTab, this.#session.settings.name, this.#key.value);
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      showError('error', error, {});
    }
  }

  #onClick(id: string, work: () => void): void {
    byId(id, HTMLButtonElement).addEventListener('click', work);
  }
}
