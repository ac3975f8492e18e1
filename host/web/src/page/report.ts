import type { Source } from 'flipcache/component';

import type { Change } from './changes.js';
import type { Call } from './recorder.js';
import type { Settings } from './settings.js';

/** What was done to the cache, or beside it. */
export type Deed =
  | { readonly kind: 'get' | 'delete'; readonly key: string }
  | { readonly kind: 'set'; readonly key: string; readonly value: string }
  | { readonly kind: 'clear' }
  /** Lives have come to their end. */
  | { readonly kind: 'expire' }
  | { readonly kind: 'restart' }
  | { readonly kind: 'apply'; readonly settings: Settings }
  /** Another tab has changed this key of the cache; `undefined`: it may have changed anything. */
  | { readonly kind: 'foreign'; readonly key: string | undefined; readonly isTold: boolean };

/** What the component answered, as far as its functions answer something. */
export interface Answer {
  /** Of `get-detailed`: `undefined` is its `none`. */
  readonly value?: string | undefined;
  readonly source?: Source;
  /** Of `delete` and `clear`. */
  readonly deleted?: bigint;
}

/** What came of a deed. */
export interface Report {
  readonly deed: Deed;
  readonly answer: Answer;
  /** The refusal, if that is what came of it. */
  readonly error?: Error;
  /** What the component asked of the store meanwhile. */
  readonly calls: readonly Call[];
  /** What happened in the local tier. */
  readonly changes: readonly Change[];
  /** Keys that the store has no more, because their lives are over. */
  readonly expiredInStore: readonly string[];
}
