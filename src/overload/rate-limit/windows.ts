/** How often a client has asked in the window that is open for it. */
export interface WindowCount {
  readonly current: number;
  /** How long the window is open yet, in milliseconds. */
  readonly ttl: number;
}

/** Counts each client in windows that open with its first request. */
export interface Windows {
  /**
   * Counts one request more. Never fails and never waits for long.
   *
   * @param max above which it does not matter how many there are
   */
  count(client: string, windowMs: number, max: number): Promise<WindowCount>;
}
