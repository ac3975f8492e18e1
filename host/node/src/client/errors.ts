import { BackendError } from '../backend/error.js';
import { FlipcacheError } from '../backend/error-base.js';
import type { CacheErrorCase, DictErrorCase } from '../component/types.js';

/**
 * Why a call of a cache or a dictionary was refused.
 *
 * - `invalid-name`, `invalid-options`, `invalid-key`, `invalid-value`, `invalid-ttl`, `invalid-capacity`: what was
 *   given is none; nothing has been done.
 * - `too-large`: a key or value is longer than {@link CacheError.limit}.
 * - `conflict`: the cache is open with another key or value type.
 * - `denied`: the store does not grant the name.
 */
export type CacheErrorCode =
  | Exclude<CacheErrorCase['tag'], 'backend' | 'undecodable' | 'wrong-type'>
  | DictErrorCase['tag'];

/** A call was refused for what it was given. A retry will not help. */
export class CacheError extends FlipcacheError {
  override readonly name = 'CacheError';
  readonly code: CacheErrorCode;
  /** Of `too-large`: what is taken, in bytes. */
  readonly limit: bigint | undefined;

  constructor(code: CacheErrorCode, message: string, limit?: bigint) {
    super(message);
    this.code = code;
    this.limit = limit;
  }
}

/**
 * What the store holds under a key is no value of this cache: bytes of another form (`undecodable`), or no plain
 * string (`wrong-type`). Nothing was cached.
 */
export class StoredValueError extends FlipcacheError {
  override readonly name = 'StoredValueError';
  readonly code: 'undecodable' | 'wrong-type';
  readonly key: string;

  constructor(code: 'undecodable' | 'wrong-type', key: string) {
    const what = code === 'undecodable' ? 'is no value of the type of this cache' : 'is not a plain string';
    super(`what the store holds under the key ${JSON.stringify(key)} ${what}`);
    this.code = code;
    this.key = key;
  }
}

/** The instance of the component has failed, or was closed; it answers nothing more. Make a new client. */
export class InstanceError extends FlipcacheError {
  override readonly name = 'InstanceError';
  readonly code: 'trapped' | 'closed';

  constructor(code: 'trapped' | 'closed', cause?: unknown) {
    super(code === 'closed' ? 'the client is closed' : 'the component has failed', { cause });
    this.code = code;
  }
}

/** What a call of the component threw, as this package throws it. */
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
      return new CacheError(payload.tag, `longer than the ${payload.val} bytes that are taken`, payload.val);
    case 'invalid-ttl':
      return new CacheError(payload.tag, `a time to live cannot be ${payload.val} ms`);
    case 'invalid-capacity':
      return new CacheError(payload.tag, 'a dictionary holds at least one item');
    case 'invalid-key':
      return new CacheError(payload.tag, `${JSON.stringify(payload.val)} is no key of this cache`);
    default:
      return new CacheError(payload.tag, payload.val);
  }
}

function payloadOf(thrown: unknown): CacheErrorCase | DictErrorCase | undefined {
  if (thrown instanceof FlipcacheError || !(thrown instanceof Error) || !('payload' in thrown)) return undefined;
  return thrown.payload as CacheErrorCase | DictErrorCase;
}
