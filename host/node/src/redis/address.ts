import { CacheError } from '../client/errors.js';
import type { RedisOptions } from './options.js';

/** The address of a server, as the client library takes it. */
export interface Address {
  readonly socket: { host: string; port: number; tls?: true } | { path: string };
  readonly username?: string;
  readonly password?: string;
  readonly database: number;
}

const SCHEMES = 'redis://, rediss://, redis+unix:// or memory:';

/**
 * Parses a URL. Errors do not show it, because it may contain a password.
 *
 * @throws {CacheError} `invalid-options`
 */
export function parseAddress(url: string): Address {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined) throw invalid('the url is invalid');
  switch (parsed.protocol) {
    case 'redis:':
    case 'rediss:':
      return ofHost(parsed);
    case 'redis+unix:':
    case 'unix:':
      return ofPath(parsed);
    default:
      throw invalid(`unsupported scheme ${parsed.protocol} expected ${SCHEMES}`);
  }
}

/** @throws {CacheError} `invalid-options` */
export function checkAddress({ url, tls, deadlineMs, stalenessBoundMs, coherence }: RedisOptions): void {
  const { socket } = parseAddress(url);
  if (tls !== undefined && !('tls' in socket)) throw invalid('tls needs a url that begins with rediss://');
  for (const [name, value] of Object.entries({ deadlineMs, stalenessBoundMs })) {
    const isValid = value === undefined || (Number.isFinite(value) && value >= 1);
    if (!isValid) throw invalid(`${name} must be a number of milliseconds, at least 1`);
  }
  if (coherence !== undefined && coherence !== 'tracking' && coherence !== 'off') {
    throw invalid(`coherence must be 'tracking' or 'off'`);
  }
}

function ofHost(url: URL): Address {
  if (url.hostname === '') throw invalid('the url has no host');
  if (url.search !== '' || url.hash !== '') throw invalid('the url of a Redis server must end with the database');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? 6379 : Number(url.port);
  const tls = url.protocol === 'rediss:' ? { tls: true as const } : {};
  return {
    socket: { host, port, ...tls },
    ...credentials(decode(url.username), decode(url.password)),
    database: database(url.pathname.replace(/^\/$/, '').slice(1)),
  };
}

function ofPath(url: URL): Address {
  const path = decode(url.pathname);
  if (path === '' || path === '/') throw invalid('the url has no socket path');
  const { searchParams } = url;
  const of = (name: string) => searchParams.get(name) ?? '';
  return { socket: { path }, ...credentials(of('user'), of('pass')), database: database(of('db')) };
}

function credentials(username: string, password: string): { username?: string; password?: string } {
  return { ...(username !== '' && { username }), ...(password !== '' && { password }) };
}

function database(text: string): number {
  if (text === '') return 0;
  if (!/^[0-9]{1,9}$/.test(text)) throw invalid('the database must be a number');
  return Number(text);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('the url has an invalid % escape');
  }
}

function invalid(message: string): CacheError {
  return new CacheError('invalid-options', message);
}
