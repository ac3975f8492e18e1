import type { Report } from '../report.js';
import { byId, h } from './dom.js';
import { changeText, replyText, requestText, summary, verdict } from './strings.js';
import { errorText } from './write-errors.js';

/** The most reports that are kept. */
const MAX_REPORTS = 100;

/** Lists reports, the newest first. */
export class Journal {
  readonly #list = byId('journal', HTMLOListElement);

  add(report: Report): void {
    const judged = verdict(report);
    const lines = [
      ...report.calls.map((call) => `L2: ${requestText(call)} → ${replyText(call)}`),
      ...report.changes.map(changeText),
    ];
    const why = report.error && errorText(report.error);
    const entry = h(
      'li',
      { 'data-tone': judged?.tone ?? 'plain' },
      h('time', {}, new Date().toLocaleTimeString('en-GB')),
      h(
        'p',
        {},
        `${summary(report)}. `,
        judged && !report.error ? h('b', {}, `${judged.text}.`) : undefined,
      ),
      ...(why ? [h('p', { class: 'why' }, why)] : []),
      ...lines.map((line) => h('p', { class: 'line' }, line)),
    );
    this.#list.prepend(entry);
    while (this.#list.children.length > MAX_REPORTS) this.#list.lastElementChild?.remove();
  }
}
