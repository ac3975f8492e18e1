import { BackendError, type Bucket, type KvBackend } from 'flipcache/component';

/** A call of the component's import `kv-backend`, and its result. */
export interface Call {
  readonly name: Exclude<keyof Bucket, 'close'>;
  readonly args: readonly unknown[];
  readonly result: { readonly ok: unknown } | { readonly error: BackendError };
}

/** Forwards all calls to another backend and records them. */
export class Recorder implements KvBackend {
  readonly #backend: KvBackend;
  #calls: Call[] = [];

  constructor(backend: KvBackend) {
    this.#backend = backend;
  }

  open(name: string): Bucket {
    return new RecordedBucket(this.#backend.open(name), (call) => this.#calls.push(call));
  }

  /** Returns the calls since it was last called. */
  take(): Call[] {
    const calls = this.#calls;
    this.#calls = [];
    return calls;
  }
}

class RecordedBucket implements Bucket {
  readonly #bucket: Bucket;
  readonly #record: (call: Call) => void;

  constructor(bucket: Bucket, record: (call: Call) => void) {
    this.#bucket = bucket;
    this.#record = record;
  }

  get(...args: Parameters<Bucket['get']>) {
    return this.#recorded('get', args, () => this.#bucket.get(...args));
  }

  set(...args: Parameters<Bucket['set']>) {
    return this.#recorded('set', args, () => this.#bucket.set(...args));
  }

  setIfAbsent(...args: Parameters<Bucket['setIfAbsent']>) {
    return this.#recorded('setIfAbsent', args, () => this.#bucket.setIfAbsent(...args));
  }

  increment(...args: Parameters<Bucket['increment']>) {
    return this.#recorded('increment', args, () => this.#bucket.increment(...args));
  }

  delete(...args: Parameters<Bucket['delete']>) {
    return this.#recorded('delete', args, () => this.#bucket.delete(...args));
  }

  exists(...args: Parameters<Bucket['exists']>) {
    return this.#recorded('exists', args, () => this.#bucket.exists(...args));
  }

  expire(...args: Parameters<Bucket['expire']>) {
    return this.#recorded('expire', args, () => this.#bucket.expire(...args));
  }

  scan(...args: Parameters<Bucket['scan']>) {
    return this.#recorded('scan', args, () => this.#bucket.scan(...args));
  }

  count() {
    return this.#recorded('count', [], () => this.#bucket.count());
  }

  clear() {
    return this.#recorded('clear', [], () => this.#bucket.clear());
  }

  changes(...args: Parameters<Bucket['changes']>) {
    return this.#recorded('changes', args, () => this.#bucket.changes(...args));
  }

  #recorded<T>(name: Call['name'], args: readonly unknown[], call: () => T): T {
    try {
      const ok = call();
      this.#record({ name, args, result: { ok } });
      return ok;
    } catch (error) {
      if (error instanceof BackendError) this.#record({ name, args, result: { error } });
      throw error;
    }
  }
}
