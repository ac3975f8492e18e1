import type { Source } from 'flipcache/component';

import type { Change } from './changes.js';
import type { Call } from './recorder.js';
import type { Settings } from './settings.js';

/** An action on the cache, or on L2 beside it. */
export type Action =
  | { readonly kind: 'get' | 'delete'; readonly key: string }
  | { readonly kind: 'set'; readonly key: string; readonly value: string }
  | { readonly kind: 'clear' }
  /** Entries have expired. */
  | { readonly kind: 'expire' }
  | { readonly kind: 'restart' }
  | { readonly kind: 'apply'; readonly settings: Settings }
  /** Another tab has changed this key of the cache; `undefined`: it may have changed any key. */
  | {
      readonly kind: 'external-write';
      readonly key: string | undefined;
      readonly isInvalidated: boolean;
    };

/** What a function of the component returned, if it returns anything. */
export interface Result {
  /** Of `get-detailed`: `undefined` is its `none`. */
  readonly value?: string | undefined;
  readonly source?: Source;
  /** Of `delete` and `clear`. */
  readonly deleted?: bigint;
}

/** The outcome of an action. */
export interface Report {
  readonly action: Action;
  readonly result: Result;
  /** The error, if the action failed. */
  readonly error?: Error;
  /** The calls that the component made to L2 meanwhile. */
  readonly calls: readonly Call[];
  /** What changed in the local tier. */
  readonly changes: readonly Change[];
  /** Keys that have expired in L2. */
  readonly expiredInStore: readonly string[];
}
