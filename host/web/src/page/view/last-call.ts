import type { Report } from '../report.js';
import { byId, h, write } from './dom.js';
import { causesOf, named, question, reply, sentence, verdict } from './words.js';

/** How many of those that left are named. */
const MAX_LEFT = 4;

/** Shows the last deed: who answered, what was asked of the store, and who left the local tier lately. */
export class LastCall {
  readonly #left: string[] = [];

  show(report: Report): void {
    this.#showLeft(report);
    const judged = verdict(report);
    const badge = byId('verdict', HTMLElement);
    write(badge, judged?.text ?? '');
    badge.dataset['tone'] = judged?.tone ?? 'plain';
    write(byId('deed', HTMLElement), sentence(report));
    const calls = report.calls.map((call) => {
      const failed = 'error' in call.answer ? 'failed' : '';
      return h('li', { class: failed }, h('code', {}, question(call)), h('span', {}, reply(call)));
    });
    const nothing = h('li', { class: 'none' }, 'The store was not asked.');
    byId('calls', HTMLElement).replaceChildren(...(calls.length > 0 ? calls : [nothing]));
  }

  #showLeft({ changes }: Report): void {
    for (const change of changes) {
      if (change.kind === 'left') this.#left.unshift(`${named(change.key)} (${causesOf(change)})`);
    }
    this.#left.splice(MAX_LEFT);
    write(byId('l1-left', HTMLElement), this.#left.join(', ') || 'nobody yet');
  }
}
