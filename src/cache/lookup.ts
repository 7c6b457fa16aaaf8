export type LookupKind = 'page' | 'older_page' | 'message';

/** `stale`: there was a copy, but not as new as it has to be. `error`: the cache did not answer. */
export type LookupOutcome = 'hit' | 'miss' | 'stale' | 'not_modified' | 'error';

/** @param shard whose copies were looked at */
export type OnLookup = (kind: LookupKind, outcome: LookupOutcome, shard: string) => void;
