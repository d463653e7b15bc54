/** Nothing came for a while; the client should see that the connection lives. */
export interface KeepAlive {
  readonly type: "keep-alive";
}
