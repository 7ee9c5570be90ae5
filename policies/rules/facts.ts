import type { Owner } from "../../config/names";

/**
 * Facts: what containers, roles, records … are, in one shape, whether they are read from a Pulumi plan or from what runs. A rule judges a fact and cannot
 * tell, nor needs to, where it came from.
 *
 * What a source cannot tell is `undefined`, and a rule that needs it must then find fault: nothing passes for want of knowledge. What one source alone can
 * tell stands under `plan` or `live`, and rules about it hold their peace where that is absent.
 */
interface Fact {
  /** Of the object itself, as the engine, the server or the zone knows it. */
  readonly name: string;
  /** Whose it says it is: by its mark, where it has one that can be read. */
  readonly owner: Owner | undefined;
  /** Inputs that matter to a rule and were not known when they were looked at, by path. Empty for what is live. */
  readonly unknown: readonly string[];
}

export interface ContainerFact extends Fact {
  /** Label `substation.platform`. */
  readonly platform: string | undefined;
  /** Label `substation.role`: "shop", "migrate" and "adapter" of a substation; "ingress", "docker-proxy" of the platform. */
  readonly role: string | undefined;
  /** As the container was asked for: `name@sha256:…` or `sha256:…`, else a tag. */
  readonly image: string | undefined;
  /** `uid:gid`. */
  readonly user: string | undefined;
  readonly groups: readonly string[];
  readonly privileged: boolean | undefined;
  /** Without the prefix CAP_. */
  readonly capabilities: { readonly add: readonly string[]; readonly drop: readonly string[] };
  readonly securityOptions: readonly string[];
  readonly readOnlyRoot: boolean | undefined;
  /** Options by mount point. */
  readonly tmpfs: Readonly<Record<string, string>>;
  /** Bytes; 0 or undefined is without limit. */
  readonly memoryBytes: number | undefined;
  /** Memory and swap together, in bytes; -1 is without limit. */
  readonly memorySwapBytes: number | undefined;
  /** Cores. */
  readonly cpus: number | undefined;
  readonly ulimits: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  readonly namespaces: Namespaces;
  /** Names of the networks that it is attached to. */
  readonly networks: readonly string[];
  readonly mounts: readonly Mount[];
  /** Devices, device requests, GPUs, device cgroup rules, as text. */
  readonly devices: readonly string[];
  readonly ports: readonly Port[];
  readonly publishAllPorts: boolean | undefined;
  readonly restart: { readonly policy: string; readonly maximumRetries: number };
  /** The probe's command; empty where there is none. */
  readonly healthcheck: readonly string[];
  /** `KEY=value`. */
  readonly environment: readonly string[];
  readonly command: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly cgroupParent: string | undefined;
  readonly log: { readonly driver: string | undefined; readonly options: Readonly<Record<string, string>> };
  readonly sysctls: Readonly<Record<string, string>>;
  readonly tty: boolean | undefined;
  readonly stdinOpen: boolean | undefined;
  readonly plan?: {
    /** Whether the update waits until it is healthy, and how many seconds. */
    readonly wait: boolean;
    readonly waitTimeoutSeconds: number | undefined;
    readonly destroyGraceSeconds: number | undefined;
    readonly removeVolumes: boolean | undefined;
    /** Whether files are copied into it, and which outputs are kept secret in the state. */
    readonly uploads: boolean;
    readonly secretOutputs: readonly string[];
  };
  readonly live?: {
    /** "running", "exited", … */
    readonly state: string;
    readonly health: string | undefined;
    readonly restartCount: number;
    /** When it was started last: milliseconds since 1970, by the clock of the engine's host. */
    readonly startedAt: number;
    /** Id of the image that it really runs. */
    readonly imageId: string;
    /**
     * From the cgroup's own files, which are the authority: "max" is without limit. Undefined where they cannot be read (the engine is on another machine, or the
     * container does not run): then the engine's word counts.
     */
    readonly cgroup: { readonly pidsMax: number | "max"; readonly memoryMax: number | "max" } | undefined;
    /** What the engine was told: PidsLimit; 0 or undefined is without limit. */
    readonly pidsLimit: number | undefined;
    /** Variables that its image brings, `KEY=value`; undefined where the image is gone. */
    readonly imageEnvironment: readonly string[] | undefined;
  };
}

export interface Namespaces {
  /** Docker's `NetworkMode`: the name of a network, "host", "none", "bridge", "default" or "container:<name>". */
  readonly network: string | undefined;
  readonly pid: string | undefined;
  readonly ipc: string | undefined;
  readonly uts: string | undefined;
  readonly user: string | undefined;
  readonly cgroup: string | undefined;
}

export interface Mount {
  readonly type: string;
  /** Path on the host, or name of the volume. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** "" where not given. */
  readonly propagation: string;
}

export interface Port {
  /** "" and "0.0.0.0" are every address of the host. */
  readonly address: string;
  readonly host: number | undefined;
  readonly container: number;
}

export interface NetworkFact extends Fact {
  readonly platform: string | undefined;
  readonly driver: string | undefined;
  readonly interContainer: boolean | undefined;
  readonly attachable: boolean;
  readonly live?: { /** Names of the containers on it. */ readonly members: readonly string[] };
}

export interface VolumeFact extends Fact {
  readonly platform: string | undefined;
  readonly driver: string | undefined;
  /** A driver's options can make a "volume" of a host path. */
  readonly driverOptions: Readonly<Record<string, string>>;
  readonly live?: { /** Names of the containers that mount it. */ readonly users: readonly string[] };
}

export interface RoleFact extends Fact {
  readonly login: boolean | undefined;
  readonly superuser: boolean | undefined;
  readonly createDatabase: boolean | undefined;
  readonly createRole: boolean | undefined;
  readonly replication: boolean | undefined;
  readonly bypassRowSecurity: boolean | undefined;
  /** -1 is without limit. */
  readonly connectionLimit: number | undefined;
  /** Milliseconds; 0 or undefined is without limit. */
  readonly statementTimeoutMs: number | undefined;
  readonly idleTransactionTimeoutMs: number | undefined;
  readonly searchPath: readonly string[];
  readonly plan?: {
    readonly protected: boolean;
    /** Whether it is given a password. */
    readonly password: boolean;
    /** Whether the password reached the plan as a secret; only where that can be told. */
    readonly passwordSecret: boolean | undefined;
  };
  readonly live?: {
    /** Kind of the stored verifier; undefined where it may not be looked at. */
    readonly password: "scram-sha-256" | "md5" | "other" | "none" | undefined;
    /** Whether it is still the one that was given to the substation; undefined where that cannot be told. */
    readonly passwordAsGiven: boolean | undefined;
    /** Whether it is the superuser that the server was initialised with (oid 10). */
    readonly bootstrap?: boolean;
  };
}

/** `name` is the member. What several grantors gave counts together. */
export interface MembershipFact extends Fact {
  /** The role that `name` is a member of. */
  readonly role: string;
  readonly admin: boolean;
  /** Whether the member has the role's rights without SET ROLE. */
  readonly inherit: boolean | undefined;
  readonly set: boolean | undefined;
  /** Through which roles, where it is not a member directly. */
  readonly through: readonly string[];
}

export interface DatabaseFact extends Fact {
  /** Role that owns it; undefined in a plan means the role that creates it. */
  readonly ownedBy: string | undefined;
  /** -1 is without limit. */
  readonly connectionLimit: number | undefined;
  readonly allowConnections: boolean | undefined;
  readonly isTemplate: boolean;
  readonly plan?: {
    readonly protected: boolean;
    readonly ignored: readonly string[];
    readonly template: string | undefined;
  };
}

/**
 * A right; `name` is the role that has it, "public" for everybody. An access list that was never written stands for PostgreSQL's default (`acldefault`), and what
 * `initdb` itself gives on the system's own objects (`pg_init_privs`) is left out, save what shows other databases: PUBLIC's rights on the table
 * `pg_catalog.pg_shdescription` and on any function `pg_catalog.pg_stat_get_db_*`, which stands for all of them.
 */
export interface GrantFact extends Fact {
  readonly database: string;
  /** "default function", "default type" are default privileges, with the owner's role as `object`. */
  readonly on:
    "database" | "schema" | "table" | "sequence" | "function" | "default function" | "default type" | "other";
  readonly object: string;
  /** Upper case: "CONNECT", "TEMPORARY", "CREATE", "USAGE", … Empty takes all away. */
  readonly privileges: readonly string[];
  readonly grantable: boolean;
}

/** `name` is the extension's. */
export interface ExtensionFact extends Fact {
  readonly database: string;
}

/**
 * A function that runs with its owner's rights, or in a language that is not trusted. `name` is `schema.function`. Functions of an extension are left out: the extension
 * stands for them.
 */
export interface FunctionFact extends Fact {
  readonly database: string;
  readonly ownedBy: string;
  readonly ownedBySuperuser: boolean;
  readonly securityDefiner: boolean;
  readonly language: string;
  readonly trustedLanguage: boolean;
}

/** A line of pg_hba.conf, in the order of the file. `name` is `pg_hba.conf:12`. */
export interface HbaFact extends Fact {
  readonly order: number;
  readonly type: string;
  readonly databases: readonly string[];
  readonly users: readonly string[];
  /** As `127.0.0.1/32` or `fd00::/64`; else a host name or keyword as it stands. Undefined for `local`. */
  readonly address: string | undefined;
  readonly method: string;
  readonly error: string | undefined;
}

/** A setting of the database server: `pg_settings.setting`, so in its own unit. */
export interface SettingFact extends Fact {
  readonly value: string;
}

/** A session of a substation's role. `name` is the role. */
export interface SessionFact extends Fact {
  readonly database: string;
  readonly address: string | undefined;
  readonly tls: boolean;
}

export interface RecordFact extends Fact {
  /** "A", "CNAME", … */
  readonly type: string | undefined;
  readonly content: string | undefined;
  readonly proxied: boolean | undefined;
  /** Seconds. */
  readonly ttl: number | undefined;
  readonly comment: string | undefined;
}

/** Secret material that a plan makes. Never its value. `name` is the resource's. */
export interface SecretFact extends Fact {
  /** Characters. */
  readonly length: number | undefined;
}

/** The token for the main station's API that a shop was given, by the state of its stack. Never the token itself. `name` is `of mengxiang`. */
export interface TokenFact extends Fact {
  /** What it allows. */
  readonly scopes: readonly string[];
  /** Why it must not be believed; undefined where the platform signed it for this substation. */
  readonly fault: string | undefined;
}

/** Something about the host or its engine that a doctor looks at. `name` says what: "userns-remap", "docker.sock mode", … */
export interface HostFact extends Fact {
  readonly value: string;
}

/** A step that a plan would take. `name` is the resource's. */
export interface StepFact extends Fact {
  /** "create", "update", "replace", "delete", "create-replacement", "delete-replaced", "same", … */
  readonly op: string;
  /** Pulumi's type token. */
  readonly type: string;
  readonly urn: string;
  /** Name of the object itself, where the step tells it. */
  readonly object: string | undefined;
  /** Whether the object stays where the plan deletes its resource. */
  readonly retained?: boolean;
  /** Properties for which it is replaced, or which an update changes; absent where there are none. */
  readonly keys?: readonly string[];
}

/** A provider that a plan configures; of a secret setting the value is "[secret]". `name` is the resource's. */
export interface ProviderFact extends Fact {
  /** "postgresql", "docker", "cloudflare", … */
  readonly package: string;
  readonly settings: Readonly<Record<string, string | number | boolean>>;
}

/** A resource of a plan, of whatever type. `name` is the resource's, `owner` the substation whose component it is a part of. */
export interface ResourceFact extends Fact {
  /** Pulumi's type token. */
  readonly type: string;
  /** Whether facts can be made of that type at all. */
  readonly judged: boolean;
  /** Inputs that are set and that no fact is made of, by path. */
  readonly unread: readonly string[];
  /** Whose it says it is by its mark, where that is another than whose part it is. */
  readonly claims: Owner | undefined;
}

export interface FactKinds {
  readonly container: ContainerFact;
  readonly network: NetworkFact;
  readonly volume: VolumeFact;
  readonly role: RoleFact;
  readonly membership: MembershipFact;
  readonly database: DatabaseFact;
  readonly grant: GrantFact;
  readonly extension: ExtensionFact;
  readonly function: FunctionFact;
  readonly hba: HbaFact;
  readonly setting: SettingFact;
  readonly session: SessionFact;
  readonly record: RecordFact;
  readonly secret: SecretFact;
  readonly token: TokenFact;
  readonly host: HostFact;
  readonly step: StepFact;
  readonly provider: ProviderFact;
  readonly resource: ResourceFact;
}

export type FactKind = keyof FactKinds;

/** All that was found, by kind. */
export type Facts = { readonly [K in FactKind]: readonly FactKinds[K][] };

export const noFacts: Facts = {
  container: [],
  network: [],
  volume: [],
  role: [],
  membership: [],
  database: [],
  grant: [],
  extension: [],
  function: [],
  hba: [],
  setting: [],
  session: [],
  record: [],
  secret: [],
  token: [],
  host: [],
  step: [],
  provider: [],
  resource: [],
};
