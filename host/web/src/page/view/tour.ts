import type { Step } from '../tour-script.js';
import { byId, write } from './dom.js';
import { isStill } from './motion.js';

/** How long a step is shown while the tour plays, in milliseconds. */
const STEP_MS = 4200;

/** Plays steps one after the other. The user can pause, go to the next step, or start over. */
export class Tour {
  readonly #steps: readonly Step[];
  readonly #run: (step: Step) => void;
  readonly #card = byId('tour', HTMLElement);
  readonly #stage = byId('stage', HTMLElement);
  /** The number of steps run. */
  #done = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(steps: readonly Step[], run: (step: Step) => void) {
    this.#steps = steps;
    this.#run = run;
    const onClick = (id: string, work: () => void) =>
      byId(id, HTMLButtonElement).addEventListener('click', work);
    onClick('tour-play', () => (this.#timer === undefined ? this.#play() : this.#pause()));
    onClick('tour-step', () => {
      this.#pause();
      this.#step();
    });
    onClick('tour-restart', () => {
      this.#pause();
      this.#done = 0;
      this.#step();
    });
    this.#show();
  }

  /** Pauses at the current step and unpins the tour, because the user has done something else. */
  leave(): void {
    this.#pause();
    delete this.#card.dataset['touring'];
  }

  #pause(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#show();
  }

  #play(): void {
    const step = this.#step();
    const isLast = this.#done === this.#steps.length;
    this.#timer = isLast ? undefined : setTimeout(() => this.#play(), step?.ms ?? STEP_MS);
    this.#show();
  }

  /** Runs the next step; after the last step, the first. */
  #step(): Step | undefined {
    const at = this.#done % this.#steps.length;
    const step = this.#steps[at];
    this.#done = at + 1;
    if (!step) return undefined;
    write(byId('tour-caption', HTMLElement), step.caption);
    this.#run(step);
    this.#show();
    this.#card.dataset['touring'] = String(this.#done < this.#steps.length);
    this.#reveal();
    return step;
  }

  /**
   * Scrolls to the tiers, which may be off screen on a small display; the tour card is sticky
   * there.
   */
  #reveal(): void {
    const { top, bottom } = this.#stage.getBoundingClientRect();
    const isAbove = getComputedStyle(this.#card).position === 'sticky';
    const margin = isAbove ? this.#card.offsetHeight + 16 : 0;
    if (top >= margin && bottom <= innerHeight) return;
    this.#stage.style.scrollMarginTop = `${margin}px`;
    this.#stage.scrollIntoView({ behavior: isStill() ? 'auto' : 'smooth' });
  }

  #show(): void {
    const { length } = this.#steps;
    const isPlaying = this.#timer !== undefined;
    const isAtEnd = this.#done === length;
    byId('tour-play', HTMLElement).toggleAttribute('data-playing', isPlaying);
    write(byId('tour-play', HTMLElement), isPlaying ? 'Pause' : isAtEnd ? 'Play again' : 'Play');
    write(byId('tour-place', HTMLElement), this.#done === 0 ? '' : `${this.#done} of ${length}`);
    byId('tour-restart', HTMLButtonElement).disabled = this.#done === 0;
  }
}
