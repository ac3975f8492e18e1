import { BackendError } from '../backend/error.js';
import { FlipcacheError } from '../backend/error-base.js';
import type { CacheErrorCase, DictErrorCase } from '../component/types.js';

/**
 * Why a call of a cache or a dictionary failed.
 *
 * - `invalid-name`, `invalid-options`, `invalid-key`, `invalid-value`, `invalid-ttl`, `invalid-capacity`: an
 *   argument is invalid; nothing was done.
 * - `too-large`: a key or value is longer than {@link CacheError.limit}.
 * - `conflict`: the cache is open with another key or value type.
 * - `denied`: access to the name is denied.
 */
export type CacheErrorCode =
  | Exclude<CacheErrorCase['tag'], 'backend' | 'undecodable' | 'wrong-type'>
  | DictErrorCase['tag'];

/** An invalid argument or a denied name. A retry will not help. */
export class CacheError extends FlipcacheError {
  override readonly name = 'CacheError';
  readonly code: CacheErrorCode;
  /** Of `too-large`: the limit in bytes. */
  readonly limit: bigint | undefined;

  constructor(code: CacheErrorCode, message: string, limit?: bigint) {
    super(message);
    this.code = code;
    this.limit = limit;
  }
}

/**
 * The backend holds a value that this cache cannot decode (`undecodable`), or something other than
 * a plain string (`wrong-type`). Nothing was cached.
 */
export class StoredValueError extends FlipcacheError {
  override readonly name = 'StoredValueError';
  readonly code: 'undecodable' | 'wrong-type';
  readonly key: string;

  constructor(code: 'undecodable' | 'wrong-type', key: string) {
    const what = code === 'undecodable' ? 'is not of the type of this cache' : 'is not a plain string';
    super(`the stored value of the key ${JSON.stringify(key)} ${what}`);
    this.code = code;
    this.key = key;
  }
}

/** The instance of the component has trapped or was closed. Open a new client. */
export class InstanceError extends FlipcacheError {
  override readonly name = 'InstanceError';
  readonly code: 'trapped' | 'closed';

  constructor(code: 'trapped' | 'closed', cause?: unknown) {
    super(code === 'closed' ? 'the client is closed' : 'the component has trapped', { cause });
    this.code = code;
  }
}

/** Converts an error thrown by the component to an error of this package. */
export function fromComponent(thrown: unknown): FlipcacheError {
  const payload = payloadOf(thrown);
  if (payload === undefined) return thrown instanceof FlipcacheError ? thrown : new InstanceError('trapped', thrown);
  switch (payload.tag) {
    case 'backend':
      return BackendError.of(payload.val);
    case 'undecodable':
    case 'wrong-type':
      return new StoredValueError(payload.tag, payload.val);
    case 'too-large':
      return new CacheError(payload.tag, `longer than the limit of ${payload.val} bytes`, payload.val);
    case 'invalid-ttl':
      return new CacheError(payload.tag, `a TTL cannot be ${payload.val} ms`);
    case 'invalid-capacity':
      return new CacheError(payload.tag, 'the capacity of a dictionary must be at least 1');
    case 'invalid-key':
      return new CacheError(payload.tag, `${JSON.stringify(payload.val)} is not a valid key of this cache`);
    default:
      return new CacheError(payload.tag, payload.val);
  }
}

function payloadOf(thrown: unknown): CacheErrorCase | DictErrorCase | undefined {
  if (thrown instanceof FlipcacheError || !(thrown instanceof Error) || !('payload' in thrown)) return undefined;
  return thrown.payload as CacheErrorCase | DictErrorCase;
}
