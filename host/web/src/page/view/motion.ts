const still = matchMedia('(prefers-reduced-motion: reduce)');

/** Returns whether the user prefers reduced motion. */
export function isStill(): boolean {
  return still.matches;
}

const DURATION = 420;
const EASING = 'cubic-bezier(0.2, 0.7, 0.2, 1)';

/**
 * Makes the children of a list those of `keys`, in their order, and keeps the elements of children
 * that stay. Animates the change, unless the user prefers reduced motion.
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
  const removed = [...before].filter(([key]) => !after.has(key)).map(([, child]) => child);
  put(list, [...after.values()], removed);
  keepFocus(list, focused, removed);
  if (!isStill()) animate(list, after, places, removed);
  return after;
}

/** Leaves elements in place where it can: a moved element loses the focus. */
function put(
  list: HTMLElement,
  children: readonly HTMLElement[],
  removed: readonly HTMLElement[],
): void {
  for (const child of removed) child.remove();
  let next = list.firstElementChild;
  for (const child of children) {
    if (child === next) next = next.nextElementSibling;
    else list.insertBefore(child, next);
  }
}

function keepFocus(
  list: HTMLElement,
  focused: Element | null,
  removed: readonly HTMLElement[],
): void {
  if (!(focused instanceof HTMLElement) || focused === document.activeElement) return;
  if (list.contains(focused)) return focused.focus({ preventScroll: true });
  if (!removed.some((child) => child.contains(focused))) return;
  const target = list.querySelector('button') ?? list;
  target.focus({ preventScroll: true });
}

function animate(
  list: HTMLElement,
  after: ReadonlyMap<string, HTMLElement>,
  places: ReadonlyMap<string, DOMRect>,
  removed: readonly HTMLElement[],
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
  for (const child of removed) fade(list, child, places.get(child.dataset['key'] ?? ''));
}

/** Fades out a copy of a removed element where it was. */
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
  const frames = {
    opacity: [1, 0],
    transform: ['none', 'translateX(var(--to, -3rem)) scale(0.96)'],
  };
  const fading = ghost.animate(frames, { duration: DURATION, easing: EASING, fill: 'forwards' });
  fading.onfinish = () => ghost.remove();
}
