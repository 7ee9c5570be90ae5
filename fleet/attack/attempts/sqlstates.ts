/** PostgreSQL's codes of the refusals that are expected. */
export const denied = "42501"; // insufficient_privilege
export const noLine = "28000"; // no line of pg_hba.conf lets it try
export const wrongPassword = "28P01";
export const notThere = "0A000"; // feature_not_supported: an extension that the server does not have, another database's table
export const tooMany = "53300"; // too_many_connections
export const cancelled = "57014"; // query_canceled

/** The main station may have its database on another server; then its roles are not known here. */
export const noSuchRole = ["22023", "42704"];
