import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { newSecret, registrationOf } from "../../local/gateways/merchants";
import { substationsPerGroup } from "../../config/ids";
import { secretSetting } from "../../config/stack-secrets";
import { setConfig } from "../../fleet/stack-settings";
import { mapBounded } from "../../inventory/bounded";
import { stackConfigFile } from "../../local/workspace";
import { sandboxChannel } from "../e2e/buyer";
import { substationText, type Lab } from "../e2e/lab";

/** What one run opens: ids by group, each group a stack. */
export type Batch = ReadonlyMap<string, readonly string[]>;

/** `count` substations in groups that are full, but for the last. @param name the ids and the groups begin with it */
export function batchOf(name: string, count: number, perGroup: number = substationsPerGroup): Batch {
  const ids = Array.from({ length: count }, (_, at) => `${name}n${at + 1}`);
  const groups = Array.from({ length: Math.ceil(count / perGroup) }, (_, at) => at);
  return new Map(groups.map((at) => [`${name}g${at + 1}`, ids.slice(at * perGroup, (at + 1) * perGroup)]));
}

export const idsOf = (batch: Batch): readonly string[] => [...batch.values()].flat();
export const hostOf = (id: string): string => `${id}.substation.test`;

/** The sandbox merchant at which every shop of the bench is paid, and its secret. */
export interface Merchant {
  readonly channel: ReturnType<typeof sandboxChannel.epayV1>;
  readonly key: string;
}

const channelName = "pay";

export async function openMerchant(lab: Lab): Promise<Merchant> {
  const channel = sandboxChannel.epayV1();
  const key = newSecret({ type: "text" });
  const { version, merchantId } = channel;
  await lab.gateways.register(registrationOf("epay", { version, merchantId }, { key }));
  return { channel, key };
}

/** What every file of the bench says: a shop that sells cards, by one channel. */
export const fileText = (id: string, { channel }: Merchant): string =>
  substationText(id, {
    tier: "trial", // of which this machine can carry a hundred under the rules
    title: "梦想点卡",
    host: hostOf(id),
    modules: { gameCards: { categories: ["steam"] } },
    channels: { [channelName]: channel },
  });

/** By channel and field, as a shop's file has them. */
export const secretsOf = ({ key }: Merchant) => ({ [channelName]: { key } });

/** Writes the files of a batch, and makes its stacks with their secrets; what is there stays as it is. Not timed: an operator does that long before. */
export async function layBatch(lab: Lab, merchant: Merchant, batch: Batch): Promise<void> {
  const { workspace, root } = lab;
  for (const [group, ids] of batch) {
    const folder = path.join(root, "stacks", group);
    fs.mkdirSync(folder, { recursive: true });
    for (const id of ids) fs.writeFileSync(path.join(folder, `${id}.yaml`), fileText(id, merchant));
  }
  const fresh = [...batch.keys()].filter((group) => !fs.existsSync(stackConfigFile(workspace, group)));
  await mapBounded(
    2,
    fresh,
    async (group) => void (await lab.pulumi(["stack", "init", group, "--no-select"])),
  );
  const sealed = await sealedSecret(lab, merchant, batch);
  for (const [group, ids] of batch) {
    const file = stackConfigFile(workspace, group);
    const { config = {} } = readSettings(file);
    const own = ids.map((id) => [settingOf(id, merchant), { secure: sealed.ciphertext }] as const);
    // JSON is YAML. A secret that is sealed anew is another one to the program: what stands keeps its own.
    const all = { encryptionsalt: sealed.salt, config: { ...Object.fromEntries(own), ...config } };
    fs.writeFileSync(file, JSON.stringify(all));
  }
}

interface Settings {
  readonly encryptionsalt?: string;
  readonly config?: Readonly<Record<string, { readonly secure: string }>>;
}

const readSettings = (file: string): Settings => (parse(fs.readFileSync(file, "utf8")) ?? {}) as Settings;

const settingOf = (id: string, { channel }: Merchant): string =>
  `substation:${secretSetting(id, Object.values(channel.secrets)[0]!)}`;

/** The merchant's secret, encrypted. One key encrypts it for all stacks of a batch: its derivation costs half a second of a core, a hundred times over. */
async function sealedSecret(
  { workspace }: Lab,
  merchant: Merchant,
  batch: Batch,
): Promise<{ readonly salt: string; readonly ciphertext: string }> {
  const [group = "", [id = ""] = []] = [...batch][0] ?? [];
  const file = stackConfigFile(workspace, group);
  const key = settingOf(id, merchant);
  if (!readSettings(file).config?.[key]) await setConfig(workspace, group, key, merchant.key, true);
  const { encryptionsalt: salt = "", config = {} } = readSettings(file);
  return { salt, ciphertext: config[key]!.secure };
}
