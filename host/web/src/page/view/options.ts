import type { Session } from '../session.js';
import type { News, Settings } from '../settings.js';
import { byId } from './dom.js';
import { showRefusal } from './refusals.js';

/** As many places of the local tier as the page can show. */
const MAX_PLACES = 12;

/** How the cache is open: a change takes effect at once. */
export class OptionControls {
  readonly #session: Session;
  readonly #onDeed: () => void;
  readonly #name = byId('name', HTMLInputElement);
  readonly #ttl = byId('ttl', HTMLInputElement);
  readonly #prolong = byId('prolong', HTMLInputElement);
  readonly #keyType = byId('key-type', HTMLSelectElement);
  readonly #localMax = byId('local-max', HTMLInputElement);
  readonly #news = byId('news', HTMLSelectElement);
  readonly #evictions = [...document.querySelectorAll<HTMLInputElement>('[name=eviction]')];

  /** `onDeed` is called before each deed. */
  constructor(session: Session, onDeed: () => void) {
    this.#session = session;
    this.#onDeed = onDeed;
    const controls = [this.#name, this.#ttl, this.#prolong, this.#keyType, this.#localMax, this.#news];
    for (const control of [...controls, ...this.#evictions]) {
      control.addEventListener('change', () => this.#apply());
    }
    byId('options', HTMLFormElement).addEventListener('submit', (event) => event.preventDefault());
    byId('clear', HTMLButtonElement).addEventListener('click', () => {
      onDeed();
      this.#showRefusal(session.clear().error);
    });
    byId('restart', HTMLButtonElement).addEventListener('click', () => {
      onDeed();
      void session.restart();
    });
  }

  /** Shows what the cache is open with. */
  show(settings: Settings): void {
    this.#name.value = settings.name;
    this.#ttl.value = settings.ttlMs === undefined ? '' : String(Number(settings.ttlMs) / 1000);
    this.#prolong.checked = settings.refreshTtlOnGet;
    this.#keyType.value = settings.keyType;
    this.#localMax.value = String(settings.localMax);
    this.#news.value = settings.news;
    for (const radio of this.#evictions) radio.checked = radio.value === settings.eviction;
  }

  #apply(): void {
    this.#onDeed();
    const localMax = this.#localMax.value.trim();
    if (!/^\d{1,2}$/.test(localMax) || Number(localMax) > MAX_PLACES) {
      const words = `L1 holds a whole number of entries here, from 0 to ${MAX_PLACES}.`;
      return this.#misread(words, this.#localMax);
    }
    const ttlMs = milliseconds(this.#ttl.value);
    if (ttlMs === 'unreadable') {
      return this.#misread('A life is a number of seconds. Without one, entries do not expire.', this.#ttl);
    }
    const report = this.#session.apply({
      name: this.#name.value,
      localMax: Number(localMax),
      eviction: this.#evictions.find(({ checked }) => checked)?.value === 'lru' ? 'lru' : 'fifo',
      keyType: this.#keyType.value === 'integer' ? 'integer' : 'text',
      ttlMs,
      refreshTtlOnGet: this.#prolong.checked,
      news: this.#news.value as News,
    });
    this.#showRefusal(report.error);
  }

  #showRefusal(error: Error | undefined): void {
    this.#localMax.removeAttribute('aria-invalid');
    showRefusal('options-refusal', error, { 'invalid-name': this.#name, 'invalid-options': this.#ttl });
  }

  #misread(words: string, control: HTMLInputElement): void {
    this.#showRefusal(undefined);
    byId('options-refusal', HTMLElement).textContent = words;
    control.setAttribute('aria-invalid', 'true');
  }
}

/** The milliseconds of a number of seconds; `undefined` for nothing. */
function milliseconds(text: string): bigint | undefined | 'unreadable' {
  const seconds = text.trim().replace(',', '.');
  if (seconds === '') return undefined;
  if (!/^\d{1,15}(\.\d{1,9})?$/.test(seconds)) return 'unreadable';
  return BigInt(Math.round(Number(seconds) * 1000));
}
