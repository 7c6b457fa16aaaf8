/**
 * What a client gets with its POST and may send with a GET, to be answered from a source at least
 * that new. What it says is known to the repository alone.
 */
export const CONSISTENCY_TOKEN = /^[0-9a-f]{12}\.[0-9a-f]{24}$/;
