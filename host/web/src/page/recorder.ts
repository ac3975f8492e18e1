import { BackendError, type Bucket, type KvBackend } from 'flipcache/component';

/** A call that arrived at the component's import `kv-backend`, and what was answered. */
export interface Call {
  readonly name: Exclude<keyof Bucket, 'close'>;
  readonly args: readonly unknown[];
  readonly answer: { readonly ok: unknown } | { readonly error: BackendError };
}

/** Hands all calls to another backend, and notes them. */
export class Recorder implements KvBackend {
  readonly #backend: KvBackend;
  #calls: Call[] = [];

  constructor(backend: KvBackend) {
    this.#backend = backend;
  }

  open(name: string): Bucket {
    return new RecordedBucket(this.#backend.open(name), (call) => this.#calls.push(call));
  }

  /** The calls since the last time. */
  take(): Call[] {
    const calls = this.#calls;
    this.#calls = [];
    return calls;
  }
}

class RecordedBucket implements Bucket {
  readonly #bucket: Bucket;
  readonly #note: (call: Call) => void;

  constructor(bucket: Bucket, note: (call: Call) => void) {
    this.#bucket = bucket;
    this.#note = note;
  }

  get(...args: Parameters<Bucket['get']>) {
    return this.#noted('get', args, () => this.#bucket.get(...args));
  }

  set(...args: Parameters<Bucket['set']>) {
    return this.#noted('set', args, () => this.#bucket.set(...args));
  }

  setIfAbsent(...args: Parameters<Bucket['setIfAbsent']>) {
    return this.#noted('setIfAbsent', args, () => this.#bucket.setIfAbsent(...args));
  }

  increment(...args: Parameters<Bucket['increment']>) {
    return this.#noted('increment', args, () => this.#bucket.increment(...args));
  }

  delete(...args: Parameters<Bucket['delete']>) {
    return this.#noted('delete', args, () => this.#bucket.delete(...args));
  }

  exists(...args: Parameters<Bucket['exists']>) {
    return this.#noted('exists', args, () => this.#bucket.exists(...args));
  }

  expire(...args: Parameters<Bucket['expire']>) {
    return this.#noted('expire', args, () => this.#bucket.expire(...args));
  }

  scan(...args: Parameters<Bucket['scan']>) {
    return this.#noted('scan', args, () => this.#bucket.scan(...args));
  }

  count() {
    return this.#noted('count', [], () => this.#bucket.count());
  }

  clear() {
    return this.#noted('clear', [], () => this.#bucket.clear());
  }

  changes(...args: Parameters<Bucket['changes']>) {
    return this.#noted('changes', args, () => this.#bucket.changes(...args));
  }

  #noted<T>(name: Call['name'], args: readonly unknown[], call: () => T): T {
    try {
      const ok = call();
      this.#note({ name, args, answer: { ok } });
      return ok;
    } catch (error) {
      if (error instanceof BackendError) this.#note({ name, args, answer: { error } });
      throw error;
    }
  }
}
