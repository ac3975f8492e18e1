import type { Bucket } from 'flipcache/component';

import { LocalStorageBackend } from '../store/index.js';

const encoder = new TextEncoder();

/**
 * Another document of the same origin, which writes to `localStorage` beside this page's cache. It
 * is an empty frame; the browser treats its writes like those of another tab.
 */
export class OtherTab {
  readonly #frame: HTMLIFrameElement;

  constructor(document: Document) {
    this.#frame = document.createElement('iframe');
    this.#frame.hidden = true;
    this.#frame.title = 'Writes to L2 as another tab would';
    document.body.append(this.#frame);
  }

  set(name: string, key: string, value: string): void {
    this.#open(name).set([[key, encoder.encode(value)]], undefined);
  }

  delete(name: string, key: string): void {
    this.#open(name).delete([key]);
  }

  #open(name: string): Bucket {
    // Some browsers replace the window of the frame once it has loaded.
    const storage = this.#frame.contentWindow?.localStorage;
    if (storage === undefined) throw new Error('the browser denies this page a frame');
    return new LocalStorageBackend({ storage, events: new EventTarget() }).open(name);
  }
}
