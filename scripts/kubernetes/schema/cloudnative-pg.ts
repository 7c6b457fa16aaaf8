import { z } from 'zod';

/**
 * What of CloudNativePG's kinds (1.30) and of its backup plugin's (barman-cloud) is used here, as
 * their definitions say. No package has them whole, so what is not listed is refused: look a new
 * field up in the operator's reference, then add it.
 */
const quantity = z.string().regex(/^\d+(\.\d+)?(m|Ki|Mi|Gi|Ti)?$/);
const name = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
const labels = z.record(z.string(), z.string());
const secretKey = z.strictObject({ name, key: z.string().min(1) });

const metadata = z.strictObject({
  name,
  namespace: name.optional(),
  labels: labels.optional(),
  annotations: labels.optional(),
});

const amounts = z.strictObject({
  cpu: quantity.optional(),
  memory: quantity.optional(),
  'ephemeral-storage': quantity.optional(),
});
const resources = z.strictObject({ requests: amounts, limits: amounts });

const storage = z.strictObject({ size: quantity, storageClass: z.string().optional() });

const topologySpread = z.strictObject({
  maxSkew: z.int().min(1),
  topologyKey: z.string(),
  whenUnsatisfiable: z.enum(['ScheduleAnyway', 'DoNotSchedule']),
  labelSelector: z.strictObject({ matchLabels: labels }),
});

export const clusterSchema = z.strictObject({
  apiVersion: z.literal('postgresql.cnpg.io/v1'),
  kind: z.literal('Cluster'),
  metadata,
  spec: z.strictObject({
    description: z.string().optional(),
    imageName: z.string(),
    instances: z.int().min(1),
    primaryUpdateStrategy: z.enum(['unsupervised', 'supervised']),
    primaryUpdateMethod: z.enum(['switchover', 'restart']),
    enableSuperuserAccess: z.boolean(),
    enablePDB: z.boolean(),
    bootstrap: z.strictObject({
      initdb: z
        .strictObject({
          database: z.string(),
          owner: z.string(),
          encoding: z.string(),
          dataChecksums: z.boolean(),
          postInitApplicationSQL: z.array(z.string()).optional(),
        })
        .optional(),
      // For a restore (docs/production.md).
      recovery: z
        .strictObject({
          source: z.string(),
          database: z.string(),
          owner: z.string(),
          recoveryTarget: z
            .strictObject({ targetTime: z.iso.datetime({ offset: true }) })
            .optional(),
        })
        .optional(),
    }),
    externalClusters: z
      .array(
        z.strictObject({
          name: z.string(),
          plugin: z.strictObject({ name: z.string(), parameters: labels }),
        }),
      )
      .optional(),
    postgresql: z.strictObject({
      synchronous: z
        .strictObject({
          method: z.enum(['any', 'first']),
          number: z.int().min(1),
          dataDurability: z.enum(['required', 'preferred']),
          failoverQuorum: z.boolean(),
        })
        .optional(),
      parameters: z.record(z.string(), z.string()),
    }),
    certificates: z.strictObject({ serverAltDNSNames: z.array(z.string()) }).optional(),
    storage,
    walStorage: storage.optional(),
    resources: resources.optional(),
    affinity: z
      .strictObject({
        enablePodAntiAffinity: z.boolean(),
        podAntiAffinityType: z.enum(['required', 'preferred']),
        topologyKey: z.string(),
      })
      .optional(),
    topologySpreadConstraints: z.array(topologySpread).optional(),
    plugins: z
      .array(
        z.strictObject({
          name: z.string(),
          isWALArchiver: z.boolean().optional(),
          parameters: labels.optional(),
        }),
      )
      .optional(),
  }),
});

export const scheduledBackupSchema = z.strictObject({
  apiVersion: z.literal('postgresql.cnpg.io/v1'),
  kind: z.literal('ScheduledBackup'),
  metadata,
  spec: z.strictObject({
    // Six fields: seconds come first.
    schedule: z.string().regex(/^(\S+ ){5}\S+$/),
    immediate: z.boolean().optional(),
    backupOwnerReference: z.enum(['none', 'self', 'cluster']),
    cluster: z.strictObject({ name }),
    method: z.enum(['barmanObjectStore', 'volumeSnapshot', 'plugin']),
    pluginConfiguration: z.strictObject({ name: z.string(), parameters: labels.optional() }),
  }),
});

const compression = z.enum(['bzip2', 'gzip', 'snappy']);

export const objectStoreSchema = z.strictObject({
  apiVersion: z.literal('barmancloud.cnpg.io/v1'),
  kind: z.literal('ObjectStore'),
  metadata,
  spec: z.strictObject({
    retentionPolicy: z
      .string()
      .regex(/^[1-9]\d*[dwm]$/)
      .optional(),
    configuration: z.strictObject({
      destinationPath: z.string().min(1),
      endpointURL: z.url().optional(),
      s3Credentials: z.strictObject({
        accessKeyId: secretKey.optional(),
        secretAccessKey: secretKey.optional(),
        inheritFromIAMRole: z.boolean().optional(),
      }),
      wal: z.strictObject({
        compression: z.enum([...compression.options, 'lz4', 'xz', 'zstd']),
        maxParallel: z.int().min(1).optional(),
      }),
      data: z.strictObject({ compression, jobs: z.int().min(1).optional() }),
    }),
    instanceSidecarConfiguration: z.strictObject({ resources }).optional(),
  }),
});

export type Cluster = z.output<typeof clusterSchema>;
export type ScheduledBackup = z.output<typeof scheduledBackupSchema>;
export type ObjectStore = z.output<typeof objectStoreSchema>;
