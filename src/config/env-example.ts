import { type z } from 'zod';
import { environmentSchema, shardEnvironmentSchema } from './environment.js';

/** The text of `.env.example`: every variable, what it means, and its default. */
export function envExample(): string {
  return [
    '# Every environment variable of the service, with its default where it has one.',
    '# Written by `npm run generate` from src/config/environment.ts.',
    ...entries(environmentSchema, ''),
    '',
    '# For each shard that SHARDS names, here s0:',
    ...entries(shardEnvironmentSchema, 'SHARD_S0_'),
    '',
  ].join('\n');
}

function entries(schema: z.ZodObject, prefix: string): string[] {
  return Object.entries(schema.shape).flatMap(([name, field]) => {
    const { description = '' } = field as z.ZodType;
    const fallback = (field as z.ZodType).safeParse(undefined);
    // What is read with a unit is shown as it is written, not as it was understood.
    const written = (field as z.ZodType).meta()?.['example'] ?? fallback.data;
    const value = written === undefined ? '' : `${written as string | number}`;
    return ['', `# ${description}`, `#${prefix}${name}=${value}`];
  });
}
