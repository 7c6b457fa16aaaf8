import type { FastifyInstance } from 'fastify';
import type { ConnectionDrain } from './connection-drain.js';
import type { Exchange } from './exchange.js';
import { addHeaders, type FlatHeaders } from './flat-headers.js';

/** What the page at /docs is made of: files of its own, styles within, images within styles. */
const DOCS_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The headers that every answer of the service has, whatever it is to, and whoever gives it. */
export class CommonHeaders {
  /** The headers that helmet 8 sets, but for those that say something about documents alone. */
  private readonly security: FlatHeaders;

  /** @param hstsMaxAgeSeconds 0 leaves Strict-Transport-Security out */
  constructor(
    hstsMaxAgeSeconds: number,
    private readonly drain: ConnectionDrain,
  ) {
    this.security = Object.entries({
      // No answer of the API is a document, so a browser is to load nothing for it and frame it nowhere.
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      // For this host alone: what else its domain serves is not the service's to say.
      ...(hstsMaxAgeSeconds > 0 && {
        'strict-transport-security': `max-age=${hstsMaxAgeSeconds}`,
      }),
    }).flat();
  }

  /** Call it after `enterRequestContext`, before any hook that may answer. */
  addTo(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (_request, reply, done) => {
      addHeaders(reply, this.security);
      done();
    });
    // When it is sent: the drain may have begun since the request came.
    fastify.addHook('onSend', (_request, reply, payload, done) => {
      if (this.drain.begun) reply.header('connection', 'close');
      done(null, payload);
    });
    fastify.addHook('onRoute', (route) => {
      if (!/^\/docs(\/|$)/.test(route.url)) return;
      route.onRequest = [
        ...[route.onRequest ?? []].flat(),
        (_request, reply, done) => {
          // The page may load what it is made of.
          reply.header('content-security-policy', DOCS_POLICY);
          done();
        },
      ];
    });
  }

  /** For an answer that is sent at once. */
  of({ idHeaders }: Exchange): FlatHeaders {
    return this.security.concat(idHeaders, this.drain.begun ? ['connection', 'close'] : []);
  }
}
