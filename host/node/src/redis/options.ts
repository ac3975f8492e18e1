/** Which Redis server, and how it is used. */
export interface RedisOptions {
  /**
   * `redis://[user[:password]@]host[:port][/database]`, `rediss://` for the same over TLS, or
   * `redis+unix:///path[?db=&user=&pass=]`.
   */
  url: string;
  /** For `rediss://`: whom to trust, and who we are, in PEM. By default whom Node trusts, and nobody. */
  tls?: {
    /** The authorities that are trusted, instead of those that Node trusts. */
    ca?: string;
    /** Our certificate, and its key. */
    cert?: string;
    key?: string;
    /** The name that the server's certificate must have, if it is not the host's. */
    servername?: string;
  };
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
