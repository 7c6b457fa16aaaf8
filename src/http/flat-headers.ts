import type { FastifyReply } from 'fastify';

/** Names and values in turn, as `writeHead` takes them. */
export type FlatHeaders = readonly string[];

export function addHeaders(reply: FastifyReply, headers: FlatHeaders): void {
  for (let index = 0; index < headers.length; index += 2) {
    reply.header(headers[index] as string, headers[index + 1]);
  }
}
