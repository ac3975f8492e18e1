import { BackendError } from '../backend/error.js';
import { ChangeLog } from '../backend/log.js';
import type { Channel } from './channel.js';

/** What is heard of changes in the server, for those who ask on this thread. */
export class Feed {
  readonly log = new ChangeLog();
  readonly #channel: Channel;
  readonly #isTracking: boolean;
  #epoch = 0;

  constructor(channel: Channel, isTracking: boolean) {
    this.#channel = channel;
    this.#isTracking = isTracking;
  }

  /**
   * Has the server tell of changes under a prefix; returns once it does.
   *
   * @throws {BackendError} `unsupported` if it is not to be asked.
   */
  listen(prefix: string): void {
    if (!this.#isTracking) throw BackendError.unsupported('tracking is switched off');
    // From now on, the log remembers.
    void this.log.end;
    this.#channel.ask(prefix, { name: 'listen' });
  }

  /**
   * Notes in the log what has been heard; `false` while the server does not tell. An atomic load or two, if there
   * is nothing.
   */
  catchUp(): boolean {
    // Before the news are taken: those are complete up to here.
    const isHearing = this.#channel.isHearing;
    if (this.#channel.epoch !== this.#epoch) {
      this.#epoch = this.#channel.epoch;
      this.log.noteEverything();
    }
    if (this.#channel.hasNews) this.#take();
    return isHearing;
  }

  #take(): void {
    for (let keys = this.#channel.takeNews(); keys !== undefined; keys = this.#channel.takeNews()) {
      for (const key of keys) this.log.noteKey(undefined, key);
    }
  }
}
