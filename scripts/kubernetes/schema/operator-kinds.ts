import type { z } from 'zod';
import type { Manifest } from '../manifest.js';
import { clusterSchema, objectStoreSchema, scheduledBackupSchema } from './cloudnative-pg.js';

const SCHEMAS: readonly z.ZodType[] = [clusterSchema, scheduledBackupSchema, objectStoreSchema];

export function isOfCloudNativePg({ apiVersion }: Manifest): boolean {
  return /^[a-z]+\.cnpg\.io\//.test(apiVersion);
}

/** What the schema of its kind finds wrong, fields that it does not have among it. */
export function cloudNativePgFaults(manifest: Manifest): string[] {
  const schema = SCHEMAS.find(
    (candidate) => kindOf(candidate) === `${manifest.apiVersion} ${manifest.kind}`,
  );
  if (!schema) return [`no schema is known for ${manifest.apiVersion} ${manifest.kind}`];
  const { error } = schema.safeParse(manifest);
  return error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
}

function kindOf(schema: z.ZodType): string {
  const { apiVersion, kind } = (schema as typeof clusterSchema).shape;
  return `${apiVersion.value} ${kind.value}`;
}
