import { BackendError } from '../backend/error.js';
import { ChangeLog } from '../backend/log.js';
import type { Channel } from './channel.js';

/** The changes that the server reports, for the handles on this thread. */
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
   * Subscribes to changes under a prefix; returns once the server tracks them.
   *
   * @throws {BackendError} `unsupported` if tracking is off.
   */
  subscribe(prefix: string): void {
    if (!this.#isTracking) throw BackendError.unsupported('tracking is off');
    // Reading `end` starts the recording.
    void this.log.end;
    this.#channel.call(prefix, { name: 'subscribe' });
  }

  /**
   * Records the reported changes in the log. Returns `false` while tracking is lost. Costs an
   * atomic load or two if there are none.
   */
  catchUp(): boolean {
    // Read before the changes are taken: they are complete up to here.
    const isLive = this.#channel.isLive;
    if (this.#channel.epoch !== this.#epoch) {
      this.#epoch = this.#channel.epoch;
      this.log.noteEverything();
    }
    if (this.#channel.hasChanges) this.#take();
    return isLive;
  }

  #take(): void {
    for (let keys = this.#channel.takeChanges(); keys !== undefined; keys = this.#channel.takeChanges()) {
      for (const key of keys) this.log.noteKey(undefined, key);
    }
  }
}
