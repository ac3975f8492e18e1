import { BackendError } from 'flipcache/component';

import type { OtherTab } from '../other-tab.js';
import type { Report } from '../report.js';
import type { Session } from '../session.js';
import { byId } from './dom.js';
import { showRefusal } from './refusals.js';

/** What the reader asks of the cache, and does beside it. */
export class Controls {
  readonly #session: Session;
  readonly #otherTab: OtherTab | undefined;
  readonly #onDeed: () => void;
  readonly #key = byId('key', HTMLInputElement);
  readonly #value = byId('value', HTMLInputElement);

  /** `onDeed` is called before each deed. Without another tab, its buttons are switched off. */
  constructor(session: Session, otherTab: OtherTab | undefined, onDeed: () => void) {
    this.#session = session;
    this.#otherTab = otherTab;
    this.#onDeed = onDeed;
    byId('ask', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      // Enter in the field of the value is for who has just written one.
      if (document.activeElement === this.#value) this.#set();
      else this.get(this.#key.value);
    });
    this.#onClick('set', () => this.#set());
    this.#onClick('delete', () => this.#do(() => session.delete(this.#key.value)));
    this.#onClick('foreign-set', () => this.#foreign((tab, name, key) => tab.set(name, key, this.#value.value)));
    this.#onClick('foreign-delete', () => this.#foreign((tab, name, key) => tab.delete(name, key)));
    for (const id of ['foreign-set', 'foreign-delete']) byId(id, HTMLButtonElement).disabled = !otherTab;
  }

  get(key: string): void {
    this.#key.value = key;
    this.#do(() => this.#session.get(key));
  }

  #set(): void {
    this.#do(() => this.#session.set(this.#key.value, this.#value.value));
  }

  #do(deed: () => Report): void {
    this.#onDeed();
    showRefusal('refusal', deed().error, { 'invalid-key': this.#key });
  }

  #foreign(work: (tab: OtherTab, name: string, key: string) => void): void {
    this.#onDeed();
    showRefusal('refusal', undefined, { 'invalid-key': this.#key });
    try {
      if (this.#otherTab) work(this.#otherTab, this.#session.settings.name, this.#key.value);
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      showRefusal('refusal', error, {});
    }
  }

  #onClick(id: string, work: () => void): void {
    byId(id, HTMLButtonElement).addEventListener('click', work);
  }
}
