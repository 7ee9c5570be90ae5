import * as path from "node:path";
import { secretField } from "../config/channels";
import { channelsIn } from "../config/channels/check";
import { secretValueFinding } from "../config/channels/secret-value";
import type { ChannelSpec } from "../config/channels/types";
import { UserError } from "../config/error";
import { readDocument } from "../config/find-file";
import { formatProblem, loadFleet } from "../config/fleet";
import { platformOf, projectSettings } from "../config/stack-config";
import type { Workspace } from "../fleet/pulumi";
import { listSecrets, readSecrets, setSecret } from "../fleet/secrets";
import { askGateways, gatewayControl, gatewaysUrl } from "./gateways-service";
import { registrationOf } from "./gateways/merchants";
import { kinds, type Kind, type Registered } from "./gateways/types";
import { readInstance, type Instance } from "./home";
import { withLock } from "./lock";
import { MadeUpSecrets } from "./sandbox-secrets";

/** What was done for one sandbox channel. Values are never among it. */
export interface SandboxMerchant {
  readonly channel: string;
  readonly kind: Kind;
  /** Its appId, mchid or pid. */
  readonly merchant: string;
  readonly registered: Registered;
  /** Names of the secrets that were stored now; the others were there. */
  readonly stored: readonly string[];
}

export interface SandboxReport {
  readonly id: string;
  readonly group: string;
  readonly merchants: readonly SandboxMerchant[];
  /** Sandbox channels of kinds that this sandbox does not have. */
  readonly left: readonly string[];
}

/**
 * Makes every sandbox channel of a substation work with this machine's gateways: makes up what is missing of the merchant's secrets, registers the merchant that the
 * file names, and stores the secrets, encrypted, in the settings of the group's stack. What is there stays as it is; running shops have it after the next update.
 * @throws UserError where the substation's file has other problems than missing secrets, its platform's sandbox is not this machine's, or the gateways do not answer
 */
export async function setUpSandbox(workspace: Workspace, id: string): Promise<SandboxReport> {
  const { group, file } = listSecrets(workspace, id);
  const channels = sandboxChannels(workspace, file);
  const left = channels.filter(({ kind }) => !isKind(kind)).map((channel) => channel.id);
  if (channels.length === left.length) return { id, group, merchants: [], left };
  const instance = await ownSandbox(workspace, group);
  return await withLock(path.join(instance.home.root, "lock"), async () => {
    const stored = new Map(await readSecrets(workspace, id));
    const madeUp = new MadeUpSecrets(instance.home);
    const merchants: SandboxMerchant[] = [];
    for (const channel of channels) {
      if (!isKind(channel.kind)) continue;
      const done = await setUp(id, channel, channel.kind, stored, madeUp, instance);
      for (const [name, value] of done.fresh) {
        await setSecret(workspace, id, name, value);
        stored.set(name, value);
      }
      merchants.push({ ...done.merchant, stored: [...done.fresh.keys()] });
    }
    return { id, group, merchants, left };
  });
}

const isKind = (kind: string): kind is Kind => (kinds as readonly string[]).includes(kind);

/** Registers a channel's merchant; what is to be stored of its secrets, by name, is for the caller. */
async function setUp(
  id: string,
  channel: ChannelSpec,
  kind: Kind,
  stored: ReadonlyMap<string, string>,
  madeUp: MadeUpSecrets,
  instance: Instance,
): Promise<{ merchant: Omit<SandboxMerchant, "stored">; fresh: ReadonlyMap<string, string> }> {
  const named = Object.entries(channel.secrets);
  const given = named.flatMap(([field, secret]) => {
    const value = stored.get(secret);
    return value === undefined ? [] : [[field, value] as const];
  });
  for (const [field, value] of given) refuseUnusable(id, channel, field, value);
  const missing = named.filter(([, secret]) => !stored.has(secret)).map(([field]) => field);
  const made = Object.entries(madeUp.of(channel, missing));
  const registration = registrationOf(kind, channel.fields, Object.fromEntries([...given, ...made]));
  const registered = await gatewayControl(instance).register(registration);
  const { merchant } = registration;
  const fresh = new Map(made.map(([field, value]) => [channel.secrets[field]!, value]));
  return { merchant: { channel: channel.id, kind, merchant, registered }, fresh };
}

/** @throws UserError where the file cannot be read or has problems, a missing secret aside */
function sandboxChannels({ root }: Workspace, file: string): readonly ChannelSpec[] {
  const { adapters, problems } = loadFleet(path.join(root, "stacks"));
  const own = problems.filter((problem) => path.resolve(problem.file) === path.resolve(file));
  const wrong = own.filter(({ code }) => code !== "secret/missing");
  if (wrong.length > 0)
    throw new UserError(`${file} has problems; nothing was done.\n${wrong.map(formatProblem).join("\n")}`);
  return channelsIn(readDocument(path.resolve(file), file), adapters).filter(({ sandbox }) => sandbox);
}

/** @throws UserError where the group's platform has no sandbox, or not the one of this machine */
async function ownSandbox(workspace: Workspace, group: string): Promise<Instance> {
  const settings = projectSettings(workspace);
  const platform = platformOf(settings, group);
  const told = settings.setting(platform, "sandboxGateway");
  const start = "start it with: npm run substation -- local start";
  const instance = readInstance();
  if (!instance) throw new UserError(`this machine has no sandbox: ${start}`);
  const own = gatewaysUrl(instance);
  if (told === undefined)
    throw new UserError(
      `the stack ${platform}, which ${group} stands on, has no sandbox: it lacks the settings sandboxGateway and sandboxPublicKey (docs/platform.md)`,
    );
  if (told !== own)
    throw new UserError(
      `the sandbox of the stack ${platform} is ${told}, and this machine's is ${own}: register the merchants there, and store what they were given with "substation secret set"`,
    );
  const wrong = await askGateways(instance);
  if (wrong !== undefined) throw new UserError(`the sandbox at ${own} does not answer (${wrong}): ${start}`);
  return instance;
}

function refuseUnusable(id: string, channel: ChannelSpec, field: string, value: string): void {
  const why = secretValueFinding(secretField(channel, field), value);
  if (why === undefined) return;
  const name = channel.secrets[field];
  throw new UserError(
    `channels.${channel.id}.secrets.${field} of ${id} is ${name}, whose value cannot be used: ${why}; set it with "substation secret set ${id} ${name}"`,
  );
}
