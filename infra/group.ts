import * as path from "node:path";
import * as cloudflare from "@pulumi/cloudflare";
import * as postgresql from "@pulumi/postgresql";
import * as pulumi from "@pulumi/pulumi";
import { retries } from "../components/admission";
import { renewNamespaces } from "../components/adapter-namespace";
import { renewProcessLimits } from "../components/process-limit";
import { Substation } from "../components/substation";
import { formatProblem, loadFleet, problemsFor, type Problem } from "../config/fleet";
import { formatHeld, heldIds, holderVariable, holdVariable, withoutHeld } from "../config/hold";
import { storedSecrets } from "../config/stack-secrets";
import { identify } from "../inventory/process";
import { preflight } from "../inventory/preflight";
import { channelSecrets } from "./channel-secrets";
import { readPlatform } from "./read-platform";

/**
 * The substations of one folder. Nothing is created while any file of the fleet that concerns this group has a problem.
 * @param root the folder of Pulumi.yaml
 */
export async function group(
  name: string,
  root = pulumi.getRootDirectory(),
): Promise<Record<string, unknown>> {
  const stacks = path.join(root, "stacks");
  const held = heldIds();
  if (held.size > 0 && !isHolderAlive())
    throw new pulumi.RunError(
      `${holdVariable} names ${formatHeld(held)}, and no run of substation stands behind it. Nothing was changed. Unset it: what it names would be left out, and so removed.`,
    );
  const fleet = withoutHeld(loadFleet(stacks), held);
  refuse(problemsFor(fleet, name));
  const specs = fleet.groups.get(name) ?? [];
  if (specs.length === 0)
    await pulumi.log.warn(
      `stacks/${name}/ holds no substation: there is nothing to open. Is "${name}" the group that is meant?`,
    );
  const config = new pulumi.Config();
  const secrets = channelSecrets(specs, storedSecrets(stacks, name) ?? [], (setting) => config.get(setting));
  refuse(secrets.problems);
  const platform = await readPlatform(config.get("platform") ?? "platform");
  refuse(await preflight(name, specs, platform, stacks, held));
  if (!pulumi.runtime.isDryRun()) {
    await renewNamespaces(platform.name, name);
    await renewProcessLimits(platform.name, name);
  }

  // The SDK keeps a stack trace for every output of every resource, and formats each: a third of the time of a preview. One frame will do here.
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 1;
  try {
    retries(platform.dns); // for parts that a plan only removes
    const providers = {
      database: new postgresql.Provider("database", {
        host: platform.database.host,
        port: platform.database.port,
        username: platform.database.user,
        password: pulumi.secret(platform.database.password),
        database: "postgres",
        sslmode: "verify-full",
        sslrootcert: platform.database.caFile,
        superuser: false,
        maxConnections: 8,
        connectTimeout: 15,
      }),
      dns: new cloudflare.Provider("dns", {
        apiToken: pulumi.secret(platform.dns.token),
        ...(platform.dns.api ? { baseUrl: platform.dns.api } : {}),
      }),
    };
    const substations = specs.map((spec) => {
      const substation = new Substation(spec.id, {
        group: name,
        title: spec.title,
        tier: spec.tier.name,
        scopes: spec.tier.scopes,
        host: spec.host,
        revenueShareBasisPoints: spec.revenueShareBasisPoints,
        markupBasisPoints: spec.markupBasisPoints,
        modules: spec.modules,
        channels: spec.channels,
        channelSecrets: secrets.of.get(spec.id) ?? {},
        initialData: spec.initialData,
        image: spec.image,
        limits: spec.resources,
        secretVersions: spec.secretVersions,
        ...(spec.suspended ? { suspended: { ...spec.suspended, contact: spec.owner.contact } } : {}),
        platform,
        providers,
      });
      const { url, database, channels } = substation;
      return [spec.id, { url, tier: spec.tier.name, database, channels }] as const;
    });
    return { platform: platform.name, substations: Object.fromEntries(substations) };
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** Whether the run that holds substations, and excludes what stands of them, is under way. */
export function isHolderAlive(env: NodeJS.ProcessEnv = process.env): boolean {
  const [pid, start] = (env[holderVariable] ?? "").split(".").map(Number);
  return pid !== undefined && pid > 0 && identify(pid)?.startTicks === start;
}

/** Ends the program with the words of `substation check`, and no stack trace: it is the files that need mending. */
function refuse(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const plural = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  throw new pulumi.RunError(`${plural}; nothing was changed.\n${problems.map(formatProblem).join("\n")}`);
}
