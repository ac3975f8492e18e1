/** Which Redis server, and how it is used. */
export interface RedisOptions {
  /**
   * `redis://[user[:password]@]host[:port][/database]`, `rediss://` for the same over TLS, or
   * `redis+unix:///path[?db=&user=&pass=]`.
   */
  url: string;
  /** How long the server may take for each round trip, in milliseconds. By default 5,000. */
  deadlineMs?: number;
  /**
   * Whether the server is asked to tell of changes (client tracking, from Redis 6 on). `'tracking'`, the default: a
   * local tier answers only while it does. `'off'`: what others write is seen when entries expire.
   */
  coherence?: 'tracking' | 'off';
  /** For how long a server that says nothing is taken to have nothing to tell, in milliseconds. By default 2,000. */
  stalenessBoundMs?: number;
}
