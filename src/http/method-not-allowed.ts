import type { FastifyInstance } from 'fastify';
import { PROBLEM_JSON, problem } from './problem.js';

/**
 * Answers 405 with `Allow` for every method that a known path does not have. Call it before any
 * route is registered; call what it returns once all of them are.
 */
export function trackRoutes(fastify: FastifyInstance): () => void {
  const methodsByPath = new Map<string, Set<string>>();
  fastify.addHook('onRoute', ({ url, method }) => {
    const methods = methodsByPath.get(url) ?? new Set();
    for (const each of [method].flat()) methods.add(each);
    methodsByPath.set(url, methods);
  });
  return () => {
    for (const [url, present] of methodsByPath) {
      const allow = [...present].toSorted().join(', ');
      const others = fastify.supportedMethods.filter((method) => !present.has(method));
      fastify.route({
        url,
        method: others,
        exposeHeadRoute: false,
        // Before the body is read: a wrong method stays 405 whatever is sent along.
        onRequest: async (request, reply) => {
          const detail = `${request.method} is not possible here; ${allow} is.`;
          await reply
            .status(405)
            .headers({ allow, 'cache-control': 'no-store' })
            .type(PROBLEM_JSON)
            .send(JSON.stringify(problem(405, detail, request.id)));
        },
        handler: () => undefined,
      });
    }
  };
}
