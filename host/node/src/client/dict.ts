/// <reference lib="esnext.disposable" preserve="true" />
import type { Dict as Handle, Item, Value } from '../component/types.js';
import { CacheError, InstanceError, fromComponent as fromError } from './errors.js';
import { fromComponent, toComponent } from './values.js';

/**
 * A bounded dictionary in the component's memory, without a store. Its order is that of eviction: the first item is
 * the next to leave.
 *
 * Values are copies. Strings, bigints of 64 bits, numbers, booleans and `Uint8Array`s come back as they were;
 * everything else goes through JSON.
 */
export abstract class Dict<V> {
  #handle: Handle | undefined;

  /** @internal */
  constructor(handle: Handle) {
    this.#handle = handle;
  }

  /** The value; a use, if the dictionary counts reads as such. */
  get(key: string): V | undefined {
    return optional<V>(this.#ask((dict) => dict.get(text(key))));
  }

  /** The value; no use. */
  peek(key: string): V | undefined {
    return optional<V>(this.#ask((dict) => dict.peek(text(key))));
  }

  /** Answers the item that was evicted to make room. */
  set(key: string, value: V): [string, V] | undefined {
    return item<V>(this.#ask((dict) => dict.set(text(key), given(value))));
  }

  /** The present value, or `value` after storing it. */
  setDefault(key: string, value: V): V {
    return fromComponent(this.#ask((dict) => dict.setDefault(text(key), given(value)))) as V;
  }

  /** Sets items, one after the other. */
  update(items: Iterable<readonly [string, V]>): void {
    const all = Array.from(items, ([key, value]): Item => [text(key), given(value)]);
    this.#ask((dict) => dict.update(all));
  }

  /** Whether there is such an item; no use. */
  has(key: string): boolean {
    return this.#ask((dict) => dict.contains(text(key)));
  }

  /** Moves an item to the end; `false` if it is absent. */
  markAsUsed(key: string): boolean {
    return this.#ask((dict) => dict.markAsUsed(text(key)));
  }

  /** Removes an item and answers its value. */
  pop(key: string): V | undefined {
    return optional<V>(this.#ask((dict) => dict.pop(text(key))));
  }

  /** Removes the item that would be evicted last, or with `'first'` the one that would be next. */
  popItem(end: 'first' | 'last' = 'last'): [string, V] | undefined {
    return item<V>(this.#ask((dict) => dict.popItem(end === 'last')));
  }

  /** Removes an item; answers whether it was there. */
  delete(key: string): boolean {
    return this.pop(key) !== undefined;
  }

  clear(): void {
    this.#ask((dict) => dict.clear());
  }

  get size(): number {
    return this.#ask((dict) => dict.len());
  }

  get maxItems(): number {
    return this.#ask((dict) => dict.maxItems());
  }

  keys(): string[] {
    return this.#ask((dict) => dict.keys());
  }

  values(): V[] {
    return this.#ask((dict) => dict.values()).map((value) => fromComponent(value) as V);
  }

  entries(): [string, V][] {
    return this.#ask((dict) => dict.items()).map(([key, value]) => [key, fromComponent(value) as V]);
  }

  [Symbol.iterator](): Iterator<[string, V]> {
    return this.entries()[Symbol.iterator]();
  }

  /** Gives its memory back. */
  close(): void {
    const handle = this.#handle as (Handle & Partial<Disposable>) | undefined;
    this.#handle = undefined;
    handle?.[Symbol.dispose]?.();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #ask<R>(call: (handle: Handle) => R): R {
    if (this.#handle === undefined) throw new InstanceError('closed');
    try {
      return call(this.#handle);
    } catch (error) {
      throw fromError(error);
    }
  }
}

/** Evicts in the order of insertion; an overwrite counts as an insertion, a read does not. */
export class FifoDict<V> extends Dict<V> {}

/** Evicts the least recently used item; reads and overwrites are use. */
export class LruDict<V> extends Dict<V> {}

function text(key: string): string {
  if (typeof key === 'string') return key;
  throw new CacheError('invalid-key', 'a key of a dictionary is a string');
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
