import { ErrorReply, RESP_TYPES, createClient } from '@redis/client';

import { BackendError } from '../../backend/error.js';
import { type Address, parseAddress } from '../address.js';
import type { Setup } from '../protocol.js';
import { type Reply, ofReply } from './reply.js';

/** A command and its arguments. */
export type Command = (string | Buffer)[];

/**
 * Commands after which a lost connection leaves the outcome unknown. `GETEX` reads, and may be
 * repeated.
 */
const WRITES: ReadonlySet<string> = new Set(['SET', 'INCRBY', 'DEL', 'PEXPIRE', 'PERSIST']);

/** The events of a connection. */
export interface Events {
  /** A complete key may have changed; `null`: any. */
  changed(key: string | null): void;
  /** The connection is lost. */
  lost(): void;
}

/** The part of the library's client that is used. */
interface RawClient {
  connect(): Promise<unknown>;
  destroy(): void;
  readonly isReady: boolean;
  sendCommand(command: Command): Promise<Reply>;
  on(event: 'error', listener: (error: unknown) => void): void;
  on(event: 'invalidate', listener: (key: Buffer | null) => void): void;
}

/** A connection. It does not reconnect. */
export class Connection {
  /** The prefixes whose changes it reports. */
  readonly followed: string[] = [];
  isMaster = false;
  readonly #client: RawClient;
  readonly #deadlineMs: number;

  private constructor(client: RawClient, deadlineMs: number) {
    this.#client = client;
    this.#deadlineMs = deadlineMs;
  }

  /** @throws {BackendError} */
  static async open(setup: Setup, events: Events): Promise<Connection> {
    const client = createClient(options(setup, parseAddress(setup.url))) as unknown as RawClient;
    // Without a listener, the loss of a connection would end the thread.
    client.on('error', () => events.lost());
    client.on('invalidate', (key) => events.changed(key === null ? null : key.toString()));
    const connection = new Connection(client, setup.deadlineMs);
    try {
      await connection.#inTime(client.connect());
      return connection;
    } catch (error) {
      connection.destroy();
      throw error instanceof BackendError && error.code === 'timeout'
        ? BackendError.unavailable('cannot connect to Redis in time')
        : error;
    }
  }

  /**
   * Sends commands in one pipeline. Returns a reply for each, including errors of the server.
   *
   * @throws {BackendError} `timeout`, or if the connection is lost, `outcome-unknown` if a command writes and
   * `unavailable` if none does. Nothing is sent again.
   */
  async send(commands: readonly Command[]): Promise<readonly Reply[]> {
    if (!this.#client.isReady) throw BackendError.unavailable('the connection to Redis was lost');
    const isWrite = commands.some(([name]) => WRITES.has(String(name)));
    const replies = commands.map((command) => {
      return this.#client.sendCommand(command).catch((error: unknown) => {
        if (error instanceof ErrorReply) return error;
        throw error;
      });
    });
    try {
      return await this.#inTime(Promise.all(replies));
    } catch (error) {
      const isLost = isWrite && error instanceof BackendError && error.code === 'unavailable';
      throw isLost ? BackendError.outcomeUnknown(error.message) : error;
    }
  }

  destroy(): void {
    try {
      this.#client.destroy();
    } catch {
      // It is closed already.
    }
  }

  async #inTime<T>(promise: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(BackendError.timeout()), this.#deadlineMs);
    });
    try {
      return await Promise.race([promise, late]);
    } catch (error) {
      throw ofFailure(error);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Converts an error other than a reply. */
function ofFailure(error: unknown): BackendError {
  if (error instanceof BackendError) return error;
  if (error instanceof ErrorReply) return ofReply(error);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const why = typeof code === 'string' ? ` (${code})` : '';
  return BackendError.unavailable(`cannot reach Redis${why}`);
}

function options(setup: Setup, { socket, ...credentials }: Address): object {
  return {
    ...credentials,
    // Only RESP3 has push messages; old servers and proxies do not support it.
    RESP: setup.isTracking ? 3 : 2,
    socket: { ...setup.tls, ...socket, connectTimeout: setup.deadlineMs, reconnectStrategy: false },
    // Commands fail if they cannot be sent at once, so that none is sent after its deadline.
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    emitInvalidate: setup.isTracking,
    commandOptions: {
      typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.NUMBER]: String },
    },
  };
}
