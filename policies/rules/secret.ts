import { known } from "./known";
import { fleetRule, rule, type Rule } from "./rule";
import { seen } from "./tenants";

/** Rules about the secrets that a plan makes, and the providers that it makes everything with. */

/** Characters. 32 letters and digits carry 190 bits. */
const leastLength = 32;

export const secretKnown = known("secret", "Secret");

export const secretLength = rule("secret", {
  id: "secret-length",
  severity: "high",
  description: `Checks that a random secret has ${leastLength} characters or more.`,
  references: ["P11"],
  remedy: `Set \`length\` to ${leastLength} or more.`,
  *check({ name, length }) {
    if (length === undefined || length < leastLength)
      yield `Secret ${name} must have ${leastLength} characters or more but has ${seen(length)}`;
  },
});

export const secretOwn = fleetRule({
  id: "secret-own",
  severity: "high",
  needs: ["secret", "role"],
  description:
    "Checks that every substation whose roles a plan gives passwords has a random secret of its own, to derive them from.",
  references: ["P11", "S01"],
  remedy: "Make a RandomPassword for each Substation, as its child.",
  *check({ secret, role }) {
    const owners = new Map(
      role.flatMap(({ owner, plan }) => (owner && plan?.password ? [[owner.id, owner]] : [])),
    );
    for (const [id, owner] of owners)
      if (!secret.some((one) => one.owner?.id === id))
        yield {
          subject: id,
          owner,
          message: `Substation ${id} must have a random secret of its own and has none`,
        };
    for (const { name, owner } of secret)
      if (!owner) yield { subject: name, message: `Secret ${name} must be one substation's own` };
  },
});

export const providerKnown = known("provider", "Provider");

export const providerPostgresql = rule("provider", {
  id: "provider-postgresql",
  severity: "high",
  description:
    "Checks that the PostgreSQL provider works over verified TLS, as the provisioner and no superuser, with few connections.",
  references: ["P12", "P15", "CIS PostgreSQL 6.8"],
  remedy:
    'Set sslmode "verify-full", superuser false, maxConnections 1 to 20, and the provisioner\'s username.',
  *check({ name, package: of, settings }, { platform }) {
    if (of !== "postgresql") return;
    const { sslmode, superuser, maxConnections, username } = settings;
    if (sslmode !== "verify-full")
      yield `Provider ${name} must verify the server's certificate: sslmode must be verify-full but is ${seen(sslmode)}`;
    if (superuser !== false)
      yield `Provider ${name} must not take itself for a superuser: superuser must be false`;
    // Below what all pools of an update together would need to crowd the shops out; each database has a pool.
    if (typeof maxConnections !== "number" || maxConnections < 1 || maxConnections > 20)
      yield `Provider ${name} must hold at most 20 connections to a database: maxConnections is ${seen(maxConnections)}`;
    if (username !== platform.provisioner)
      yield `Provider ${name} must work as ${platform.provisioner} but does as ${seen(username)}`;
  },
});

/** Pulumi keeps these in the state as plain text: pulumi/pulumi-docker#643. */
const dockerSecrets = ["registryAuth", "caMaterial", "certMaterial", "keyMaterial"];

export const providerDocker = rule("provider", {
  id: "provider-docker",
  severity: "high",
  description:
    "Checks that the Docker provider holds no secret, and reaches the engine over its socket, SSH or TLS.",
  references: ["S02", "D25", "CIS Docker 2.7"],
  remedy: "Give the engine's address and certificates by the environment: DOCKER_HOST, DOCKER_CERT_PATH.",
  *check({ name, package: of, settings }) {
    if (of !== "docker") return;
    for (const setting of dockerSecrets)
      if (setting in settings)
        yield `Provider ${name} must not be given ${setting}, which the state would hold in plain`;
    const { host, certPath } = settings;
    if (host !== undefined && !/^(?:unix|ssh|npipe):/.test(String(host)) && !certPath)
      yield `Provider ${name} must reach the engine over its socket, SSH or TLS, not by ${String(host)}`;
  },
});

export const providerCloudflare = rule("provider", {
  id: "provider-cloudflare",
  severity: "high",
  description:
    "Checks that the Cloudflare provider works with a token for one zone, and never with the key of a whole account.",
  references: ["C01"],
  remedy: "Set apiToken to a token that may edit the records of the zone, and nothing else.",
  *check({ name, package: of, settings }) {
    if (of !== "cloudflare") return;
    for (const setting of ["apiKey", "email", "apiUserServiceKey"])
      if (setting in settings)
        yield `Provider ${name} must not be given ${setting}: it can do what the whole account can`;
    if (!("apiToken" in settings)) yield `Provider ${name} must be given an apiToken`;
  },
});

export const secretRules: readonly Rule[] = [
  secretKnown,
  secretLength,
  secretOwn,
  providerKnown,
  providerPostgresql,
  providerDocker,
  providerCloudflare,
];
