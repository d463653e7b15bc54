/** Sent when nothing comes for a while, so that the client sees that the connection is alive. */
export interface KeepAlive {
  readonly type: "keep-alive";
}
