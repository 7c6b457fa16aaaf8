import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Anything else could break a log line apart, or grow it without bound. */
const WELL_FORMED = /^[A-Za-z0-9._-]{1,128}$/;

const ID = Symbol('request id');

type Identified = Pick<IncomingMessage, 'headers'> & { [ID]?: string };

/** The caller's id for the request if it is well-formed, else one that is made; the same each time. */
export function requestId(request: Identified): string {
  const known = request[ID];
  if (known !== undefined) return known;
  const given = request.headers['x-request-id'];
  const id = typeof given === 'string' && WELL_FORMED.test(given) ? given : randomUUID();
  request[ID] = id;
  return id;
}
