/** Whom an access token speaks for. */
export interface Caller {
  /** As the issuer names them; undefined if it does not. */
  readonly sub: string | undefined;
  readonly scopes: ReadonlySet<string>;
}
