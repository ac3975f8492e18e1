import type { Stats } from 'flipcache/component';

import { byId, h, write } from './dom.js';

/** The counters on show: label, color and how to read them. */
const COUNTERS: readonly [label: string, tone: string, read: (stats: Stats) => bigint][] = [
  ['L1 hits', 'local', ({ localHits }) => localHits],
  ['L2 hits', 'store', ({ backendHits }) => backendHits],
  ['Misses', 'plain', ({ misses }) => misses],
  ['Evicted', 'plain', ({ removals }) => removals.size],
  ['Expired', 'plain', ({ removals }) => removals.expired],
  ['Deleted', 'plain', ({ removals }) => removals.explicit],
  ['Overwritten', 'plain', ({ removals }) => removals.replaced],
  ['Invalidated', 'plain', ({ removals }) => removals.invalidated],
  ['Flushed', 'plain', ({ removals }) => removals.flushed],
  ['L2 errors', 'plain', ({ backendErrors }) => backendErrors],
];

/** Shows the component's counters. */
export class Counters {
  readonly #numbers: readonly HTMLElement[];

  constructor() {
    this.#numbers = COUNTERS.map(() => h('dd', {}, '0'));
    const groups = COUNTERS.map(([label, tone], at) =>
      h('div', { 'data-tone': tone }, h('dt', {}, label), this.#numbers[at]),
    );
    byId('counters', HTMLDListElement).replaceChildren(...groups);
  }

  show(stats: Stats): void {
    COUNTERS.forEach(([, , read], at) => {
      const number = this.#numbers[at];
      if (number) write(number, read(stats).toString());
    });
  }
}
