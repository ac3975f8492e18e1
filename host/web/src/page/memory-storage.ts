/**
 * A `Storage` in the page's memory, for browsers that deny `localStorage`. It ends with the page
 * and is not shared with other tabs, so it fires no events.
 */
export class MemoryStorage implements Storage {
  [name: string]: unknown;
  readonly #texts = new Map<string, string>();

  get length(): number {
    return this.#texts.size;
  }

  key(at: number): string | null {
    return [...this.#texts.keys()][at] ?? null;
  }

  getItem(key: string): string | null {
    return this.#texts.get(key) ?? null;
  }

  setItem(key: string, text: string): void {
    this.#texts.set(key, text);
  }

  removeItem(key: string): void {
    this.#texts.delete(key);
  }

  clear(): void {
    this.#texts.clear();
  }
}
