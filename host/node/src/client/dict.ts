/// <reference lib="esnext.disposable" preserve="true" />
import type { Dict as Handle, Item, Value } from '../component/types.js';
import { CacheError, InstanceError, fromComponent as fromError } from './errors.js';
import { fromComponent, toComponent } from './values.js';

/**
 * A bounded dictionary in the component's memory, without a backend. Items are in eviction order:
 * the first item is evicted next.
 *
 * Values are copies. Strings, 64-bit bigints, numbers, booleans and `Uint8Array`s keep their type;
 * everything else is converted to JSON and back.
 */
export abstract class Dict<V> {
  #handle: Handle | undefined;

  /** @internal */
  constructor(handle: Handle) {
    this.#handle = handle;
  }

  /** Returns the value. Counts as an access in an LRU dictionary. */
  get(key: string): V | undefined {
    return optional<V>(this.#call((dict) => dict.get(text(key))));
  }

  /** Returns the value without changing the order. */
  peek(key: string): V | undefined {
    return optional<V>(this.#call((dict) => dict.peek(text(key))));
  }

  /** Sets an item. Returns the item that was evicted to make room. */
  set(key: string, value: V): [string, V] | undefined {
    return item<V>(this.#call((dict) => dict.set(text(key), given(value))));
  }

  /** Returns the present value, or stores `value` and returns it. */
  setDefault(key: string, value: V): V {
    return fromComponent(this.#call((dict) => dict.setDefault(text(key), given(value)))) as V;
  }

  /** Sets items, one after the other. */
  update(items: Iterable<readonly [string, V]>): void {
    const all = Array.from(items, ([key, value]): Item => [text(key), given(value)]);
    this.#call((dict) => dict.update(all));
  }

  /** Returns whether the item exists. Does not count as an access. */
  has(key: string): boolean {
    return this.#call((dict) => dict.contains(text(key)));
  }

  /** Moves an item to the end. Returns `false` if it is absent. */
  markAsUsed(key: string): boolean {
    return this.#call((dict) => dict.markAsUsed(text(key)));
  }

  /** Removes an item and returns its value. */
  pop(key: string): V | undefined {
    return optional<V>(this.#call((dict) => dict.pop(text(key))));
  }

  /**
   * Removes the item that would be evicted last, or with `'first'` the one that would be evicted
   * next.
   */
  popItem(end: 'first' | 'last' = 'last'): [string, V] | undefined {
    return item<V>(this.#call((dict) => dict.popItem(end === 'last')));
  }

  /** Removes an item. Returns whether it existed. */
  delete(key: string): boolean {
    return this.pop(key) !== undefined;
  }

  clear(): void {
    this.#call((dict) => dict.clear());
  }

  get size(): number {
    return this.#call((dict) => dict.len());
  }

  get maxItems(): number {
    return this.#call((dict) => dict.maxItems());
  }

  keys(): string[] {
    return this.#call((dict) => dict.keys());
  }

  values(): V[] {
    return this.#call((dict) => dict.values()).map((value) => fromComponent(value) as V);
  }

  entries(): [string, V][] {
    return this.#call((dict) => dict.items()).map(([key, value]) => [key, fromComponent(value) as V]);
  }

  [Symbol.iterator](): Iterator<[string, V]> {
    return this.entries()[Symbol.iterator]();
  }

  /** Frees the memory of the dictionary. */
  close(): void {
    const handle = this.#handle as (Handle & Partial<Disposable>) | undefined;
    this.#handle = undefined;
    handle?.[Symbol.dispose]?.();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #call<R>(call: (handle: Handle) => R): R {
    if (this.#handle === undefined) throw new InstanceError('closed');
    try {
      return call(this.#handle);
    } catch (error) {
      throw fromError(error);
    }
  }
}

/** Evicts in insertion order. An overwrite counts as an insertion, a read does not. */
export class FifoDict<V> extends Dict<V> {}

/** Evicts the least recently used item. Reads and overwrites count as use. */
export class LruDict<V> extends Dict<V> {}

function text(key: string): string {
  if (typeof key === 'string') return key;
  throw new CacheError('invalid-key', 'a key of a dictionary must be a string');
}

function given(value: unknown): Value {
  switch (typeof value) {
    case 'string':
      return toComponent('text', value);
    case 'bigint':
      return toComponent('integer', value);
    case 'number':
      return toComponent('float', value);
    case 'boolean':
      return toComponent('boolean', value);
    default:
      return toComponent(value instanceof Uint8Array ? 'bytes' : 'json', value);
  }
}

function optional<V>(value: Value | undefined): V | undefined {
  return value && (fromComponent(value) as V);
}

function item<V>(evicted: Item | undefined): [string, V] | undefined {
  return evicted && [evicted[0], fromComponent(evicted[1]) as V];
}
