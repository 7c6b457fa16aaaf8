import { z } from 'zod';

export interface OpenApiSchema {
  readonly schema: Record<string, unknown>;
  /** The named schemas that it refers to. */
  readonly components: Record<string, Record<string, unknown>>;
}

/** A schema as OpenAPI 3.1 has it, which is JSON Schema 2020-12. Named ones become references. */
export function openApiSchema(schema: z.ZodType, io: 'input' | 'output'): OpenApiSchema {
  const {
    $schema: _,
    $defs = {},
    ...root
  } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const { override } = (z.globalRegistry.get(zodSchema as unknown as z.ZodType) ?? {}) as {
        override?: Record<string, unknown>;
      };
      if (!override) return;
      for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
      Object.assign(jsonSchema, override);
    },
  });
  const components = Object.fromEntries(
    Object.entries($defs).map(([name, definition]) => [name, componentOf(definition)]),
  );
  const name = z.globalRegistry.get(schema)?.id;
  if (name === undefined) return { schema: referring(root), components };
  return {
    schema: { $ref: `#/components/schemas/${name}` },
    components: { ...components, [name]: componentOf(root) },
  };
}

function componentOf(definition: object): Record<string, unknown> {
  const { id: _, ...rest } = definition as Record<string, unknown>;
  return referring(rest);
}

function referring(schema: object): Record<string, unknown> {
  return JSON.parse(
    JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'),
  ) as Record<string, unknown>;
}
