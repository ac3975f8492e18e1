import type { Session } from '../session.js';
import type { Entry } from '../snapshot.js';
import { byId, h, write } from './dom.js';
import { arrange } from './motion.js';
import { counted, named, ttlText } from './strings.js';

/**
 * Shows the entries of both tiers; `get` is called with the key of the entry that the user clicks.
 */
export class Tiers {
  readonly #session: Session;
  readonly #get: (key: string) => void;
  readonly #local = byId('l1-list', HTMLOListElement);
  readonly #stored = byId('l2-list', HTMLOListElement);
  /** The longest TTL seen of each entry; a bar shows the remaining share of it. */
  readonly #ttls = new WeakMap<HTMLElement, number>();

  constructor(session: Session, get: (key: string) => void) {
    this.#session = session;
    this.#get = get;
  }

  /** Shows both tiers as they are now. */
  show(): void {
    const local = this.#session.local();
    const stored = this.#session.stored();
    const inStore = new Map(stored.map((entry) => [entry.key, entry]));
    const inTier = new Set(local.map(({ key }) => key));
    this.#fill(this.#local, local, (entry, at) => {
      if (inStore.get(entry.key)?.value !== entry.value) return 'stale: L2 differs';
      return at === 0 ? 'evicted next' : '';
    });
    this.#fill(this.#stored, stored, ({ key, value }) => {
      if (value === undefined) return 'not an entry of a cache';
      return inTier.has(key) ? 'also in L1' : '';
    });
    this.#showFree(local.length);
    this.#showCounts(local.length, stored.length);
  }

  #fill(
    list: HTMLElement,
    entries: readonly Entry[],
    note: (entry: Entry, at: number) => string,
  ): void {
    const keys = entries.map(({ key }) => key);
    const rows = arrange(list, keys, (key) => this.#create(key));
    entries.forEach((entry, at) => {
      const row = rows.get(entry.key);
      if (row) this.#update(row, entry, note(entry, at));
    });
  }

  #create(key: string): HTMLElement {
    const button = h(
      'button',
      { type: 'button', class: 'entry' },
      h('span', { class: 'unseen' }, 'Get '),
      h('span', { class: 'key' }, named(key)),
      h('span', { class: 'value' }),
      h('span', { class: 'note' }),
      h('span', { class: 'ttl' }),
      h('span', { class: 'bar', 'aria-hidden': 'true' }),
    );
    button.addEventListener('click', () => this.#get(key));
    return h('li', {}, button);
  }

  #update(row: HTMLElement, { value, leftMs }: Entry, note: string): void {
    const part = (name: string) => row.querySelector<HTMLElement>(`.${name}`) ?? row;
    write(part('value'), value ?? 'other data');
    write(part('note'), note);
    write(part('ttl'), ttlText(leftMs));
    row.classList.toggle('wrong-type', value === undefined);
    row.classList.toggle('differs', note.startsWith('stale'));
    const whole = Math.max(this.#ttls.get(row) ?? 0, leftMs ?? 0);
    this.#ttls.set(row, whole);
    const share = leftMs === undefined ? 0 : leftMs / whole;
    part('bar').style.setProperty('--left', share.toFixed(3));
  }

  #showFree(taken: number): void {
    const free = Math.max(this.#session.settings.localMax - taken, 0);
    const slots = this.#local.querySelectorAll('.free');
    for (const slot of [...slots].slice(free)) slot.remove();
    for (let at = slots.length; at < free; at += 1)
      this.#local.append(h('li', { class: 'free' }, 'free'));
  }

  #showCounts(local: number, stored: number): void {
    const { eviction, localMax } = this.#session.settings;
    write(byId('l1-count', HTMLElement), `${local} of ${localMax}`);
    write(byId('l2-count', HTMLElement), counted(stored, 'key'));
    const first = eviction === 'fifo' ? 'First in, first out.' : 'Evicts the least recently used.';
    write(
      byId('l1-order', HTMLElement),
      localMax === 0 ? 'It holds nothing: every read calls L2.' : first,
    );
  }
}
