import { ErrorReply } from '@redis/client';

import { BackendError } from '../../backend/error.js';
import type { Setup } from '../protocol.js';
import { Connection } from './connection.js';
import type { Invalidations } from './invalidations.js';
import { MAX_PREFIXES, cover, follow } from './prefixes.js';
import { type Reply, ofReply } from './reply.js';

/** The shortest and the longest backoff before another attempt to connect. */
const [MIN_BACKOFF_MS, MAX_BACKOFF_MS] = [50, 2_000];

/** How many attempts are made to subscribe to one prefix. */
const ATTEMPTS = 3;

/**
 * Keeps one connection with client tracking. In broadcasting mode the server reports every changed
 * key that begins with a prefix:
 * <https://redis.io/docs/latest/develop/reference/client-side-caching/>. `NOLOOP` omits the writes
 * of this connection, so invalidations must arrive on the connection that carries the replies.
 * There they are in order: an invalidation that was sent before a reply is processed before it.
 */
export class Supervisor {
  readonly #setup: Setup;
  readonly #invalidations: Invalidations;
  readonly #wanted = new Set<string>();
  #current: Connection | undefined;
  #opening: Promise<Connection> | undefined;
  /** Whether a reconnect is scheduled. */
  #isDue = false;
  #delayMs = MIN_BACKOFF_MS;

  constructor(setup: Setup, invalidations: Invalidations) {
    this.#setup = setup;
    this.#invalidations = invalidations;
    this.#scheduleHeartbeat();
  }

  /** Returns the connection, opened if there is none. @throws {BackendError} */
  async connection(): Promise<Connection> {
    if (this.#current !== undefined) return this.#current;
    this.#opening ??= this.#open()
      .catch((error: unknown) => {
        if (this.#wanted.size > 0) this.#openLater();
        throw error;
      })
      .finally(() => {
        this.#opening = undefined;
      });
    return this.#opening;
  }

  /** Subscribes to changes under a prefix. @throws {BackendError} */
  async subscribe(prefix: string): Promise<void> {
    this.#wanted.add(prefix);
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const connection = await this.connection();
      if (!connection.isMaster) throw BackendError.unavailable('the server is a replica, which may be behind');
      if (connection.followed.some((followed) => prefix.startsWith(followed))) return;
      const overlaps = connection.followed.some((followed) => followed.startsWith(prefix));
      if (overlaps || connection.followed.length >= MAX_PREFIXES) {
        // A new connection tracks prefixes that cover all subscriptions.
        this.#lose(connection);
        continue;
      }
      await this.#follow(connection, prefix);
    }
    throw BackendError.unavailable('the connection to Redis was lost repeatedly');
  }

  async #follow(connection: Connection, prefix: string): Promise<void> {
    const asked = this.#invalidations.now();
    try {
      const [reply] = await connection.send([follow([prefix])]);
      if (reply instanceof ErrorReply) throw ofReply(reply);
    } catch (error) {
      // The connection tracks the other prefixes only, but would be treated as tracking all.
      this.#lose(connection);
      throw error;
    }
    if (this.#current !== connection) return;
    connection.followed.push(prefix);
    // Before its first prefix, the connection tracked nothing.
    if (connection.followed.length === 1) this.#invalidations.restore(asked);
  }

  async #open(): Promise<Connection> {
    let isLost = false;
    let opened: Connection | undefined;
    const connection = await Connection.open(this.#setup, {
      changed: (key) => (key === null ? this.#invalidations.all() : this.#invalidations.key(key)),
      lost: () => {
        isLost = true;
        if (opened !== undefined) this.#lose(opened);
      },
    });
    opened = connection;
    try {
      await this.#begin(connection);
      if (isLost) throw BackendError.unavailable('the connection to Redis was lost');
    } catch (error) {
      connection.destroy();
      throw error;
    }
    this.#current = connection;
    this.#delayMs = MIN_BACKOFF_MS;
    return connection;
  }

  /**
   * Checks the server's role and subscribes to all prefixes, before the connection is used
   * otherwise.
   */
  async #begin(connection: Connection): Promise<void> {
    const asked = this.#invalidations.now();
    const prefixes = this.#setup.isTracking ? cover(this.#wanted) : [];
    const commands = [['ROLE']];
    // The library has enabled the default tracking mode, which must be disabled before another is
    // set.
    if (this.#setup.isTracking) commands.push(['CLIENT', 'TRACKING', 'OFF']);
    if (prefixes.length > 0) commands.push(follow(prefixes));
    const replies = await connection.send(commands);
    connection.isMaster = isMaster(replies[0]);
    const refusal = replies.slice(1).find((reply) => reply instanceof ErrorReply);
    if (refusal !== undefined) throw ofReply(refusal as ErrorReply);
    connection.followed.push(...prefixes);
    if (prefixes.length > 0 && connection.isMaster) this.#invalidations.restore(asked);
  }

  /** Closes a connection. Opens another one if there are subscriptions. */
  #lose(connection: Connection): void {
    if (this.#current !== connection) return;
    this.#current = undefined;
    this.#invalidations.lose();
    connection.destroy();
    if (this.#wanted.size > 0) this.#openLater();
  }

  #openLater(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setTimeout(() => {
      this.#isDue = false;
      // `connection` schedules the next attempt if this one fails.
      this.connection().catch(() => {});
    }, this.#delayMs);
    this.#delayMs = Math.min(2 * this.#delayMs, MAX_BACKOFF_MS);
  }

  /**
   * Checks the server's role twice within the staleness bound, and closes the connection without a
   * reply.
   */
  #scheduleHeartbeat(): void {
    setTimeout(() => {
      const heartbeat = this.#current === undefined ? Promise.resolve() : this.#heartbeat(this.#current);
      void heartbeat.then(() => this.#scheduleHeartbeat());
    }, this.#setup.boundMs / 2);
  }

  async #heartbeat(connection: Connection): Promise<void> {
    const asked = this.#invalidations.now();
    const late = new Promise<'late'>((resolve) => {
      setTimeout(() => resolve('late'), this.#setup.boundMs / 2);
    });
    const replies = await Promise.race([connection.send([['ROLE']]).catch(() => 'lost' as const), late]);
    if (this.#current !== connection) return;
    const isSame = typeof replies !== 'string' && isMaster(replies[0]) === connection.isMaster;
    if (!isSame) this.#lose(connection);
    else if (connection.isMaster) this.#invalidations.renew(asked);
  }
}

/**
 * Returns whether a reply to `ROLE` is a master's. A server that denies `ROLE` counts as a master.
 */
function isMaster(reply: Reply | undefined): boolean {
  if (reply instanceof ErrorReply) return reply.message.startsWith('NOPERM');
  const role = Array.isArray(reply) ? (reply as Reply[])[0] : undefined;
  return Buffer.isBuffer(role) && role.toString() === 'master';
}
