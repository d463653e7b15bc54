/** What the simulated site answers at one path in place of what it has there, to who has passed its challenge. */
export interface SitePage {
  readonly status?: number;
  /** `text/html` unless told. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** After the body nothing comes any more; without one, nothing comes at all. */
  readonly isEndless?: boolean;
}
