import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

/** No answer of the API is a document, so a browser is to load nothing for it and frame it nowhere. */
const API_POLICY = { defaultSrc: "'none'", frameAncestors: "'none'" };

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

/**
 * The headers that helmet sets, but for those that say something about documents alone.
 *
 * @param hstsMaxAgeSeconds 0 leaves Strict-Transport-Security out
 */
export function setSecurityHeaders(app: NestFastifyApplication, hstsMaxAgeSeconds: number): void {
  app.useSecurityHeaders({
    contentSecurityPolicy: { useDefaults: false, directives: API_POLICY },
    // For this host alone: what else its domain serves is not the service's to say.
    strictTransportSecurity: hstsMaxAgeSeconds > 0 && {
      maxAge: hstsMaxAgeSeconds,
      includeSubDomains: false,
    },
    xFrameOptions: { action: 'deny' },
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
  });
}

/** Lets the page at /docs load what it is made of. Call it before any route is registered. */
export function allowDocsPage(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    if (!/^\/docs(\/|$)/.test(route.url)) return;
    route.onRequest = [
      ...[route.onRequest ?? []].flat(),
      (_request, reply, done) => {
        reply.header('content-security-policy', DOCS_POLICY);
        done();
      },
    ];
  });
}
