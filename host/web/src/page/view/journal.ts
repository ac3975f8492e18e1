import type { Report } from '../report.js';
import { byId, h } from './dom.js';
import { refusal } from './refusals.js';
import { effect, question, reply, sentence, verdict } from './words.js';

/** So many reports are kept. */
const MAX_REPORTS = 100;

/** Lists what happened, the newest first. */
export class Journal {
  readonly #list = byId('journal', HTMLOListElement);

  add(report: Report): void {
    const judged = verdict(report);
    const lines = [
      ...report.calls.map((call) => `asked: ${question(call)} → ${reply(call)}`),
      ...report.changes.map(effect),
    ];
    const why = report.error && refusal(report.error);
    const entry = h(
      'li',
      { 'data-tone': judged?.tone ?? 'plain' },
      h('time', {}, new Date().toLocaleTimeString('en-GB')),
      h('p', {}, `${sentence(report)}. `, judged && !report.error ? h('b', {}, `${judged.text}.`) : undefined),
      ...(why ? [h('p', { class: 'why' }, why)] : []),
      ...lines.map((line) => h('p', { class: 'line' }, line)),
    );
    this.#list.prepend(entry);
    while (this.#list.children.length > MAX_REPORTS) this.#list.lastElementChild?.remove();
  }
}
