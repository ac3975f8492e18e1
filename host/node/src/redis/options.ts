/** The options of a Redis backend. */
export interface RedisOptions {
  /**
   * `redis://[user[:password]@]host[:port][/database]`, `rediss://` for the same over TLS, or
   * `redis+unix:///path[?db=&user=&pass=]`.
   */
  url: string;
  /**
   * For `rediss://`: certificates in PEM. By default Node's authorities and no client certificate.
   */
  tls?: {
    /** The trusted certificate authorities, instead of Node's. */
    ca?: string;
    /** The client certificate, and its key. */
    cert?: string;
    key?: string;
    /** The name that the server's certificate must have, if not the host name. */
    servername?: string;
  };
  /** The timeout of each round trip, in milliseconds. By default 5,000. */
  deadlineMs?: number;
  /**
   * Whether the server reports changes (client tracking, from Redis 6 on). With `'tracking'`, the
   * default, local tiers serve entries only while it does. With `'off'`, writes of other clients
   * are seen when entries expire.
   */
  coherence?: 'tracking' | 'off';
  /**
   * How long the local tiers may serve entries without a reply of the server, in milliseconds. By
   * default 2,000.
   */
  stalenessBoundMs?: number;
}
