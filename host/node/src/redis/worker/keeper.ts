import { ErrorReply } from '@redis/client';

import { BackendError } from '../../backend/error.js';
import type { Setup } from '../protocol.js';
import { Connection } from './connection.js';
import type { Hearing } from './hearing.js';
import { MAX_PREFIXES, cover, follow } from './prefixes.js';
import { type Reply, ofReply } from './reply.js';

/** How long after a failure the next attempt is made to hear again, least and most. */
const [SOON_MS, LATE_MS] = [50, 2_000];

/** How often a connection is prepared for one prefix, before that is given up. */
const ATTEMPTS = 3;

/**
 * Keeps one connection, and has the server tell of changes on it. In broadcasting mode the server tells of every
 * key that begins with a prefix: <https://redis.io/docs/latest/develop/reference/client-side-caching/>. `NOLOOP`
 * leaves out what this connection writes; so news must come over the one that carries the answers. There they come
 * in their order: an answer is never behind news that came before it.
 */
export class Keeper {
  readonly #setup: Setup;
  readonly #hearing: Hearing;
  readonly #wanted = new Set<string>();
  #current: Connection | undefined;
  #opening: Promise<Connection> | undefined;
  /** Somebody will try to hear again. */
  #isDue = false;
  #delayMs = SOON_MS;

  constructor(setup: Setup, hearing: Hearing) {
    this.#setup = setup;
    this.#hearing = hearing;
    this.#beatOn();
  }

  /** The connection, which is made if there is none. @throws {BackendError} */
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

  /** Has the server tell of changes under a prefix. @throws {BackendError} */
  async listen(prefix: string): Promise<void> {
    this.#wanted.add(prefix);
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const connection = await this.connection();
      if (!connection.isMaster) throw BackendError.unavailable('the server is a replica, which may be behind');
      if (connection.followed.some((followed) => prefix.startsWith(followed))) return;
      const overlaps = connection.followed.some((followed) => followed.startsWith(prefix));
      if (overlaps || connection.followed.length >= MAX_PREFIXES) {
        // A connection that begins follows what covers all.
        this.#lose(connection);
        continue;
      }
      await this.#followToo(connection, prefix);
    }
    throw BackendError.unavailable('the connection to Redis was lost again and again');
  }

  async #followToo(connection: Connection, prefix: string): Promise<void> {
    const asked = this.#hearing.now();
    try {
      const [reply] = await connection.send([follow([prefix])]);
      if (reply instanceof ErrorReply) throw ofReply(reply);
    } catch (error) {
      // It tells of the others and not of this one, and would be taken to tell of all.
      this.#lose(connection);
      throw error;
    }
    if (this.#current !== connection) return;
    connection.followed.push(prefix);
    // Before the first, it told of nothing.
    if (connection.followed.length === 1) this.#hearing.begins(asked);
  }

  async #open(): Promise<Connection> {
    let isLost = false;
    let opened: Connection | undefined;
    const connection = await Connection.open(this.#setup, {
      changed: (key) => (key === null ? this.#hearing.everything() : this.#hearing.key(key)),
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
    this.#delayMs = SOON_MS;
    return connection;
  }

  /** Asks who the server is, and follows what is wanted, before the connection is used for anything else. */
  async #begin(connection: Connection): Promise<void> {
    const asked = this.#hearing.now();
    const prefixes = this.#setup.isTracking ? cover(this.#wanted) : [];
    const commands = [['ROLE']];
    // The library has switched tracking on, in the mode that cannot be left otherwise.
    if (this.#setup.isTracking) commands.push(['CLIENT', 'TRACKING', 'OFF']);
    if (prefixes.length > 0) commands.push(follow(prefixes));
    const replies = await connection.send(commands);
    connection.isMaster = isMaster(replies[0]);
    const refusal = replies.slice(1).find((reply) => reply instanceof ErrorReply);
    if (refusal !== undefined) throw ofReply(refusal as ErrorReply);
    connection.followed.push(...prefixes);
    if (prefixes.length > 0 && connection.isMaster) this.#hearing.begins(asked);
  }

  /** Nothing more is sent on a connection. If somebody listens, another one is made. */
  #lose(connection: Connection): void {
    if (this.#current !== connection) return;
    this.#current = undefined;
    this.#hearing.goesDeaf();
    connection.destroy();
    if (this.#wanted.size > 0) this.#openLater();
  }

  #openLater(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setTimeout(() => {
      this.#isDue = false;
      // If it fails, it is tried again: see there.
      this.connection().catch(() => {});
    }, this.#delayMs);
    this.#delayMs = Math.min(2 * this.#delayMs, LATE_MS);
  }

  /** Asks twice within the bound whether the server still is what it was. One that does not answer is left. */
  #beatOn(): void {
    setTimeout(() => {
      const beaten = this.#current === undefined ? Promise.resolve() : this.#beat(this.#current);
      void beaten.then(() => this.#beatOn());
    }, this.#setup.boundMs / 2);
  }

  async #beat(connection: Connection): Promise<void> {
    const asked = this.#hearing.now();
    const late = new Promise<'late'>((resolve) => {
      setTimeout(() => resolve('late'), this.#setup.boundMs / 2);
    });
    const replies = await Promise.race([connection.send([['ROLE']]).catch(() => 'lost' as const), late]);
    if (this.#current !== connection) return;
    const isSame = typeof replies !== 'string' && isMaster(replies[0]) === connection.isMaster;
    if (!isSame) this.#lose(connection);
    else if (connection.isMaster) this.#hearing.goesOn(asked);
  }
}

/** Whether the answer to `ROLE` is a master's: one that must not be asked is taken for one. */
function isMaster(reply: Reply | undefined): boolean {
  if (reply instanceof ErrorReply) return reply.message.startsWith('NOPERM');
  const role = Array.isArray(reply) ? (reply as Reply[])[0] : undefined;
  return Buffer.isBuffer(role) && role.toString() === 'master';
}
