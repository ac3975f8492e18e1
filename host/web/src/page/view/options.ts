import type { Session } from '../session.js';
import type { Coherence, Settings } from '../settings.js';
import { byId } from './dom.js';
import { showError } from './write-errors.js';

/** The most entries of the local tier that the page can show. */
const MAX_ENTRIES = 12;

/** The options of the cache. A change takes effect at once. */
export class OptionControls {
  readonly #session: Session;
  readonly #onAction: () => void;
  readonly #name = byId('name', HTMLInputElement);
  readonly #ttl = byId('ttl', HTMLInputElement);
  readonly #refreshTtl = byId('refresh-ttl', HTMLInputElement);
  readonly #keyType = byId('key-type', HTMLSelectElement);
  readonly #localMax = byId('local-max', HTMLInputElement);
  readonly #coherence = byId('coherence', HTMLSelectElement);
  readonly #evictions = [...document.querySelectorAll<HTMLInputElement>('[name=eviction]')];

  /** `onAction` is called before each action. */
  constructor(session: Session, onAction: () => void) {
    this.#session = session;
    this.#onAction = onAction;
    const controls = [
      this.#name,
      this.#ttl,
      this.#refreshTtl,
      this.#keyType,
      this.#localMax,
      this.#coherence,
    ];
    for (const control of [...controls, ...this.#evictions]) {
      control.addEventListener('change', () => this.#apply());
    }
    byId('options', HTMLFormElement).addEventListener('submit', (event) => event.preventDefault());
    byId('clear', HTMLButtonElement).addEventListener('click', () => {
      onAction();
      this.#showError(session.clear().error);
    });
    byId('restart', HTMLButtonElement).addEventListener('click', () => {
      onAction();
      void session.restart();
    });
  }

  /** Shows the settings of the open cache. */
  show(settings: Settings): void {
    this.#name.value = settings.name;
    this.#ttl.value = settings.ttlMs === undefined ? '' : String(Number(settings.ttlMs) / 1000);
    this.#refreshTtl.checked = settings.refreshTtlOnGet;
    this.#keyType.value = settings.keyType;
    this.#localMax.value = String(settings.localMax);
    this.#coherence.value = settings.coherence;
    for (const radio of this.#evictions) radio.checked = radio.value === settings.eviction;
  }

  #apply(): void {
    this.#onAction();
    const localMax = this.#localMax.value.trim();
    if (!/^\d{1,2}$/.test(localMax) || Number(localMax) > MAX_ENTRIES) {
      const message = `L1 holds a whole number of entries here, from 0 to ${MAX_ENTRIES}.`;
      return this.#showInvalid(message, this.#localMax);
    }
    const ttlMs = milliseconds(this.#ttl.value);
    if (ttlMs === 'invalid') {
      return this.#showInvalid(
        'A TTL is a number of seconds. If it is empty, entries do not expire.',
        this.#ttl,
      );
    }
    const report = this.#session.apply({
      name: this.#name.value,
      localMax: Number(localMax),
      eviction: this.#evictions.find(({ checked }) => checked)?.value === 'lru' ? 'lru' : 'fifo',
      keyType: this.#keyType.value === 'integer' ? 'integer' : 'text',
      ttlMs,
      refreshTtlOnGet: this.#refreshTtl.checked,
      coherence: this.#coherence.value as Coherence,
    });
    this.#showError(report.error);
  }

  #showError(error: Error | undefined): void {
    this.#localMax.removeAttribute('aria-invalid');
    showError('options-error', error, { 'invalid-name': this.#name, 'invalid-options': this.#ttl });
  }

  #showInvalid(message: string, control: HTMLInputElement): void {
    this.#showError(undefined);
    byId('options-error', HTMLElement).textContent = message;
    control.setAttribute('aria-invalid', 'true');
  }
}

/** Converts seconds to milliseconds; `undefined` for an empty text. */
function milliseconds(text: string): bigint | undefined | 'invalid' {
  const seconds = text.trim().replace(',', '.');
  if (seconds === '') return undefined;
  if (!/^\d{1,15}(\.\d{1,9})?$/.test(seconds)) return 'invalid';
  return BigInt(Math.round(Number(seconds) * 1000));
}
