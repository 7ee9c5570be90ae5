import * as path from "node:path";
import { z } from "zod";
import { descriptorOf } from "../config/channels";
import { channelsIn } from "../config/channels/check";
import { secretValueFinding } from "../config/channels/secret-value";
import type { ChannelSpec } from "../config/channels/types";
import { parseYaml } from "../config/document";
import { UserError } from "../config/error";
import { formatProblem, loadFleet } from "../config/fleet";
import { readSource } from "../config/source";
import { platformOf, projectSettings } from "../config/stack-config";
import type { Workspace } from "../fleet/pulumi";
import { listSecrets, readSecrets, setSecret } from "../fleet/secrets";
import { readIfPresent, secretMode, writeFileAtomic } from "./files";
import { askGateways, gatewayControl, gatewaysUrl } from "./gateways-service";
import { newSecret, registrationOf } from "./gateways/merchants";
import { kinds, type Kind, type Registered } from "./gateways/types";
import { readInstance, type Home, type Instance } from "./home";
import { withLock } from "./lock";

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
    const merchants: SandboxMerchant[] = [];
    for (const channel of channels) {
      if (!isKind(channel.kind)) continue;
      const done = await setUp(id, channel, channel.kind, stored, instance);
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
  instance: Instance,
): Promise<{ merchant: Omit<SandboxMerchant, "stored">; fresh: ReadonlyMap<string, string> }> {
  const merchants = new Merchants(instance.home);
  const name = merchantName(channel);
  const known = merchants.find(name);
  const secrets = Object.fromEntries(
    Object.entries(channel.secrets).map(([field, secret]) => {
      const value = stored.get(secret);
      if (value !== undefined) refuseUnusable(id, channel, field, value);
      return [field, value ?? known[field] ?? newSecret(fieldOf(channel, field))];
    }),
  );
  // Kept before anything else has them: after a crash the next try goes on with the same ones.
  merchants.keep(name, secrets);
  const registration = registrationOf(kind, channel.fields, secrets);
  const registered = await gatewayControl(instance).register(registration);
  const { merchant } = registration;
  const missing = Object.entries(channel.secrets).filter(([, secret]) => !stored.has(secret));
  const fresh = new Map(missing.map(([field, secret]) => [secret, secrets[field]!]));
  return { merchant: { channel: channel.id, kind, merchant, registered }, fresh };
}

/** @throws UserError where the file has problems, a missing secret aside */
function sandboxChannels({ root }: Workspace, file: string): readonly ChannelSpec[] {
  const { adapters, problems } = loadFleet(path.join(root, "stacks"));
  const own = problems.filter((problem) => path.resolve(problem.file) === path.resolve(file));
  const wrong = own.filter(({ code }) => code !== "secret/missing");
  if (wrong.length > 0)
    throw new UserError(`${file} has problems; nothing was done.\n${wrong.map(formatProblem).join("\n")}`);
  const { text = "" } = readSource(path.resolve(file), file);
  const known = { byName: adapters, names: [...adapters.keys()] };
  return channelsIn(parseYaml(file, text), known).filter(({ sandbox }) => sandbox);
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
  const why = secretValueFinding(fieldOf(channel, field), value);
  if (why === undefined) return;
  const name = channel.secrets[field];
  throw new UserError(
    `channels.${channel.id}.secrets.${field} of ${id} is ${name}, whose value cannot be used: ${why}; set it with "substation secret set ${id} ${name}"`,
  );
}

function fieldOf(channel: ChannelSpec, name: string) {
  const field = descriptorOf(channel).fields.find((one) => one.secret && one.name === name);
  if (!field) throw new Error(`channels of kind ${channel.kind} have no secret field ${name}`); // refused before
  return field;
}

/** Tells merchants apart as the gateways do: two channels may be one merchant's, also of two shops, and have its secrets in common. */
const merchantName = ({ kind, fields }: ChannelSpec): string =>
  [kind, fields["merchantId"] ?? fields["appId"], fields["version"]].filter(Boolean).join("/");

const merchantsSchema = z.record(z.string(), z.record(z.string(), z.string()));

/** The merchants' own secrets, which the gateways do not know: a private key's other half is all that they need. */
class Merchants {
  readonly #file: string;
  readonly #known: z.infer<typeof merchantsSchema>;

  constructor(home: Home) {
    this.#file = path.join(home.secrets, "sandbox-merchants.json");
    this.#known = merchantsSchema.parse(JSON.parse(readIfPresent(this.#file) ?? "{}"));
  }

  /** By field. */
  find(name: string): Readonly<Record<string, string>> {
    return this.#known[name] ?? {};
  }

  keep(name: string, secrets: Readonly<Record<string, string>>): void {
    this.#known[name] = { ...this.#known[name], ...secrets };
    writeFileAtomic(this.#file, JSON.stringify(this.#known, null, 2), secretMode);
  }
}
