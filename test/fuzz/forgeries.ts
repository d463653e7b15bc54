/** What a page does whose process was taken over: it speaks in the name of the gateway's own script, `agent`, by `tell`. */
export interface Forgery {
  readonly name: string;
  /** What it tells of each request: `nonce` is the request's. */
  readonly tells: string;
}

const HEAD = `tell(nonce + 'h{"status":200,"headers":{"content-type":"text/plain"}}');`;

export const FORGERIES: readonly Forgery[] = [
  {
    name: "an answer without end that heeds no credit",
    tells: `${HEAD} setInterval(() => { for (let n = 0; n < 8; n += 1) tell(nonce + "t1 " + "x".repeat(1_000_000)) }, 1);`,
  },
  { name: "one message of 60 MB", tells: `${HEAD} tell(nonce + "t1 " + "x".repeat(60_000_000)); tell(nonce + "d");` },
  {
    name: "numbers of bytes that are none",
    tells: `${HEAD} for (const bytes of ["NaN", "-1e9", "1e99", "", "{}"]) tell(nonce + "t" + bytes + " forged "); tell(nonce + "d");`,
  },
  { name: "a head that is no JSON", tells: `tell(nonce + "h{");` },
  { name: "a head without headers", tells: `tell(nonce + 'h{"status":"200","headers":null}');` },
  { name: "an end of 3 MB", tells: `${HEAD} tell(nonce + "delsewhere " + "https://x/".repeat(300_000));` },
  {
    name: "messages of no known kind",
    tells: `for (const kind of ["", "x", "tt", "dd"]) tell(nonce + kind); ${HEAD} tell(nonce + "d");`,
  },
  {
    name: "two heads and two ends",
    tells: `${HEAD} ${HEAD} tell(nonce + "t6 forged"); tell(nonce + "d"); tell(nonce + "d"); ${HEAD}`,
  },
  { name: "nothing at all", tells: `` },
];

/** Puts it in the place of the gateway's own script. */
export function forgedAgent({ tells }: Forgery): string {
  return `agent.start = ({ nonce }) => { ${tells} }; agent.abort = agent.acknowledge = () => {};`;
}
