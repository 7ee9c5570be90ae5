/**
 * Names of the main station's own database, which a substation must never reach. On a server of an operator's own, whatever has these names is
 * meant.
 */
export const mainStation = {
  database: "main_station",
  /** Owns the database and all in it. Named like it, so that `pg_hba.conf` lets its members in; nobody logs in as it. */
  role: "main_station",
  /** The main station's program: reads and writes data. */
  appRole: "main_station_app",
  schema: "main",
} as const;
