type Child = Node | string | undefined;

interface Attributes {
  readonly [name: string]: string | boolean | undefined;
}

/**
 * Creates an element. An attribute that is `true` has no value; one that is `false` or `undefined`
 * is omitted.
 */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, '');
    else if (typeof value === 'string') element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** Returns the element with an id, or throws if it is missing or of another class. */
export function byId<Type extends HTMLElement>(id: string, type: new () => Type): Type {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`the page has no ${type.name} #${id}`);
  return element;
}

/** Sets the text of an element, unless it is unchanged: screen readers would announce it twice. */
export function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Creates text in the typeface of code. */
export function code(text: string): HTMLElement {
  return h('code', {}, text);
}
