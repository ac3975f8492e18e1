const still = matchMedia('(prefers-reduced-motion: reduce)');

/** Whether the reader prefers no motion. */
export function isStill(): boolean {
  return still.matches;
}

const DURATION = 420;
const EASING = 'cubic-bezier(0.2, 0.7, 0.2, 1)';

/**
 * Makes the children of a list those of `keys`, in their order. A child that stays is the same element; who
 * prefers no motion sees the new state at once, others see children move, come in and go.
 */
export function arrange(
  list: HTMLElement,
  keys: readonly string[],
  create: (key: string) => HTMLElement,
): Map<string, HTMLElement> {
  const before = new Map<string, HTMLElement>();
  for (const child of list.children) {
    if (child instanceof HTMLElement && child.dataset['key'] !== undefined) {
      before.set(child.dataset['key'], child);
    }
  }
  const places = new Map([...before].map(([key, child]) => [key, child.getBoundingClientRect()]));
  const focused = document.activeElement;
  const after = new Map<string, HTMLElement>();
  for (const key of keys) {
    const child = before.get(key) ?? create(key);
    child.dataset['key'] = key;
    after.set(key, child);
  }
  const gone = [...before].filter(([key]) => !after.has(key)).map(([, child]) => child);
  put(list, [...after.values()], gone);
  keepFocus(list, focused, gone);
  if (!isStill()) animate(list, after, places, gone);
  return after;
}

/** An element that is at its place is not touched: one that is moved loses the focus. */
function put(list: HTMLElement, children: readonly HTMLElement[], gone: readonly HTMLElement[]): void {
  for (const child of gone) child.remove();
  let next = list.firstElementChild;
  for (const child of children) {
    if (child === next) next = next.nextElementSibling;
    else list.insertBefore(child, next);
  }
}

function keepFocus(list: HTMLElement, focused: Element | null, gone: readonly HTMLElement[]): void {
  if (!(focused instanceof HTMLElement) || focused === document.activeElement) return;
  if (list.contains(focused)) return focused.focus({ preventScroll: true });
  if (!gone.some((child) => child.contains(focused))) return;
  const target = list.querySelector('button') ?? list;
  target.focus({ preventScroll: true });
}

function animate(
  list: HTMLElement,
  after: ReadonlyMap<string, HTMLElement>,
  places: ReadonlyMap<string, DOMRect>,
  gone: readonly HTMLElement[],
): void {
  for (const [key, child] of after) {
    const from = places.get(key);
    const to = child.getBoundingClientRect();
    if (from === undefined) {
      const frames = { opacity: [0, 1], transform: ['translateX(var(--from, 2rem))', 'none'] };
      child.animate(frames, { duration: DURATION, easing: EASING });
    } else if (from.top !== to.top || from.left !== to.left) {
      const shift = `translate(${from.left - to.left}px, ${from.top - to.top}px)`;
      child.animate({ transform: [shift, 'none'] }, { duration: DURATION, easing: EASING });
    }
  }
  for (const child of gone) fade(list, child, places.get(child.dataset['key'] ?? ''));
}

/** What is gone is out of the list already; a picture of it fades where it was. */
function fade(list: HTMLElement, child: HTMLElement, place: DOMRect | undefined): void {
  const shelf = list.parentElement;
  if (place === undefined || shelf === null) return;
  const frame = shelf.getBoundingClientRect();
  const ghost = document.createElement('div');
  ghost.className = `ghost ${child.className}`;
  ghost.setAttribute('aria-hidden', 'true');
  ghost.inert = true;
  ghost.append(...child.childNodes);
  ghost.style.top = `${place.top - frame.top + shelf.scrollTop}px`;
  ghost.style.left = `${place.left - frame.left}px`;
  ghost.style.width = `${place.width}px`;
  shelf.append(ghost);
  const frames = { opacity: [1, 0], transform: ['none', 'translateX(var(--to, -3rem)) scale(0.96)'] };
  const fading = ghost.animate(frames, { duration: DURATION, easing: EASING, fill: 'forwards' });
  fading.onfinish = () => ghost.remove();
}
