import { mainStation } from "../config/main-station";

/** What PostgreSQL's configuration files are written from. */
export interface PostgresSettings {
  readonly platform: string;
  readonly port: number;
  /** Where containers reach the server; on loopback it listens as well. */
  readonly databaseAddress: string;
  /** CIDR from which substations may connect. */
  readonly edgeSubnet: string;
  /** Folder of the unix socket, the only way in for the superuser. */
  readonly socketFolder: string;
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Names of the system users that are the superuser on the unix socket. */
  readonly operators: readonly string[];
}

/** The superuser: only over the unix socket, only for the operators, and without a password that could leak. */
export const superuser = "postgres";

/** The role that opens and closes substations. Not a superuser; only from this machine. */
export const provisioner = "substation_provisioner";

/**
 * `pg_hba.conf`: the first line that matches decides. `samerole` lets a role into a database only where it is a member of the role that is
 * named like the database, so one line serves every substation and none gets into another's. The provisioner is a member of what it
 * created, so it is turned away before that line, and so is the main station, which is no shop, where shops come from.
 */
export const hbaFile = ({
  edgeSubnet,
}: PostgresSettings): string => `# Written by Substation at each start; changes are lost.
# type   database  user                     address             method
local    all       ${superuser}                                     peer map=operators
local    all       all                                          reject
hostssl  all       ${provisioner}   127.0.0.1/32        scram-sha-256
host     all       ${provisioner}   all                 reject
host     all       ${superuser}                 all                 reject
host     all       ${mainStation.role},${mainStation.appRole}   ${edgeSubnet.padEnd(18)}  reject
hostssl  samerole  all                      ${edgeSubnet.padEnd(18)}  scram-sha-256
hostssl  samerole  all                      127.0.0.1/32        scram-sha-256
host     all       all                      all                 reject
`;

/** `pg_ident.conf`: who is the superuser on the unix socket. */
export const identFile = ({ operators }: PostgresSettings): string =>
  `# Written by Substation at each start; changes are lost.\n${operators.map((user) => `operators  "${user}"  ${superuser}\n`).join("")}`;

/**
 * `postgresql.conf`: sized for a small host, durable before fast (fsync, full_page_writes and synchronous_commit keep their defaults).
 * The last 20 connections that are not the superuser's are kept for roles in pg_use_reserved_connections: the main station's.
 * Room for locks is taken at the start, so many for each connection; with fewer than by default, a thousand connections that rest cost little.
 */
export const configFile = (
  s: PostgresSettings,
): string => `# Written by Substation at each start; changes are lost.
cluster_name = ${quote(s.platform)}
listen_addresses = ${quote(`127.0.0.1,${s.databaseAddress}`)}
port = ${s.port}
unix_socket_directories = ${quote(s.socketFolder)}
unix_socket_permissions = 0700

ssl = on
ssl_cert_file = ${quote(s.certificateFile)}
ssl_key_file = ${quote(s.keyFile)}
ssl_min_protocol_version = 'TLSv1.3'
password_encryption = 'scram-sha-256'
authentication_timeout = '15s'

max_connections = 1000
superuser_reserved_connections = 5
reserved_connections = 20
max_locks_per_transaction = 32
max_pred_locks_per_transaction = 20
tcp_keepalives_idle = '60s'
tcp_keepalives_interval = '10s'
tcp_keepalives_count = 3
client_connection_check_interval = '10s'

shared_buffers = '128MB'
maintenance_work_mem = '64MB'
max_wal_size = '1GB'
checkpoint_timeout = '15min'
jit = off
temp_file_limit = '1GB'
idle_in_transaction_session_timeout = '10min'

timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
logging_collector = on
log_directory = '../log'
log_filename = 'postgres-%a.log'
log_file_mode = 0640
log_rotation_age = '1d'
log_rotation_size = 0
log_truncate_on_rotation = on
log_line_prefix = '%m [%p] %q%u@%d %h '
log_connections = 'authentication,authorization'
log_disconnections = on
log_lock_waits = on
log_statement = 'none'
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
`;

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;
