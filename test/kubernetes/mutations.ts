import type { Mutation } from './mutation.js';
import { DATABASE_MUTATIONS } from './mutations-of-databases.js';
import { NETWORK_MUTATIONS } from './mutations-of-networks.js';
import { POD_MUTATIONS } from './mutations-of-pods.js';
import { SERVICE_MUTATIONS } from './mutations-of-the-service.js';

/** For each rule of the policy, by its name, what breaks it and nothing else. */
export const MUTATIONS: Readonly<Record<string, readonly Mutation[]>> = {
  ...POD_MUTATIONS,
  ...SERVICE_MUTATIONS,
  ...NETWORK_MUTATIONS,
  ...DATABASE_MUTATIONS,
};
