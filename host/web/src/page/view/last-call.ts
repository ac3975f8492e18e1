import type { Report } from '../report.js';
import { byId, h, write } from './dom.js';
import { causesOf, named, replyText, requestText, summary, verdict } from './strings.js';

/** How many removed keys are named. */
const MAX_REMOVED = 4;

/**
 * Shows the last action: which tier served it, the calls to L2, and the keys last removed from L1.
 */
export class LastCall {
  readonly #removed: string[] = [];

  show(report: Report): void {
    this.#showRemoved(report);
    const judged = verdict(report);
    const badge = byId('verdict', HTMLElement);
    write(badge, judged?.text ?? '');
    badge.dataset['tone'] = judged?.tone ?? 'plain';
    write(byId('action', HTMLElement), summary(report));
    const calls = report.calls.map((call) => {
      const failed = 'error' in call.result ? 'failed' : '';
      return h(
        'li',
        { class: failed },
        h('code', {}, requestText(call)),
        h('span', {}, replyText(call)),
      );
    });
    const nothing = h('li', { class: 'none' }, 'No call to L2.');
    byId('calls', HTMLElement).replaceChildren(...(calls.length > 0 ? calls : [nothing]));
  }

  #showRemoved({ changes }: Report): void {
    for (const change of changes) {
      if (change.kind === 'left')
        this.#removed.unshift(`${named(change.key)} (${causesOf(change)})`);
    }
    this.#removed.splice(MAX_REMOVED);
    write(byId('l1-left', HTMLElement), this.#removed.join(', ') || 'none yet');
  }
}
