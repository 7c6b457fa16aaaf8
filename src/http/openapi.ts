import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { z } from 'zod';
import { openApiSchema } from './openapi-schema.js';
import { problemSchema } from './problem.js';

/** The description of the API, made from the same schemas that validate it. */
export function openApiDocument(
  app: INestApplication,
  answered: readonly z.ZodType[],
): OpenAPIObject {
  const info = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Messages')
    .setDescription(
      'Anyone posts short messages under a tag and lists the messages of a tag, newest first. ' +
        'Operations staff count them. Errors are problem details (RFC 9457).',
    )
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .build();
  const document = SwaggerModule.createDocument(app, info, {
    standardSchemaConverter: (schema, { schemaType }) =>
      openApiSchema(schema as z.ZodType, schemaType),
  });
  const components = [...answered, problemSchema].map(
    (schema) => openApiSchema(schema, 'output').components,
  );
  document.components = {
    ...document.components,
    schemas: Object.assign({}, document.components?.schemas, ...components) as NonNullable<
      OpenAPIObject['components']
    >['schemas'],
  };
  return document;
}

/** Serves the document at /openapi.json and a page to try it from at /docs. */
export function serveOpenApi(app: INestApplication, document: OpenAPIObject): void {
  SwaggerModule.setup('docs', app, document, {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
    customSiteTitle: 'Messages API',
  });
}
