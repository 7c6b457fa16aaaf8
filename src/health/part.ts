/** Something that the service stands on, as it is known to be at this moment. */
export interface Part {
  /** As in "shard s0 primary". */
  readonly name: string;
  readonly state: 'up' | 'down';
  readonly since: Date;
  /** Why it is down. */
  readonly reason?: string | undefined;
}
