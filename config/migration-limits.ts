const mebibyte = 1024 * 1024;

/** Limits of the container that migrates a database: the same in every tier, so that a change of tier does not change how data is migrated. */
export const migrationLimits = {
  memoryBytes: 256 * mebibyte,
  cpus: 1,
  processes: 64,
  logSizeBytes: 2 * mebibyte,
};
