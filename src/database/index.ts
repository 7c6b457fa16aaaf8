export { type CountDifference, rebuildCounts, verifyCounts } from './counts/audit-counts.js';
export { DatabaseModule } from './database.module.js';
export { MessageStore } from './message-store.js';
export { DatabaseStateError } from './migrate/database-state.error.js';
export { migrate } from './migrate/migrate.js';
