import * as fs from "node:fs";
import * as path from "node:path";
import { parseDocument } from "yaml";
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
    tier: "standard",
    title: "梦想点卡",
    host: hostOf(id),
    modules: { gameCards: { categories: ["steam"] } },
    channels: { [channelName]: channel },
  });

/** By channel and field, as a shop's file has them. */
export const secretsOf = ({ key }: Merchant) => ({ [channelName]: { key } });

/** Writes the files of a batch, and makes its stacks with their secrets. Not timed: an operator does that long before. */
export async function layBatch(lab: Lab, merchant: Merchant, batch: Batch): Promise<void> {
  const { workspace, root } = lab;
  const secret = Object.values(merchant.channel.secrets)[0]!;
  let known: { readonly salt: unknown; readonly ciphertext: unknown } | undefined;
  for (const [group, ids] of batch) {
    const folder = path.join(root, "stacks", group);
    fs.mkdirSync(folder, { recursive: true });
    for (const id of ids) fs.writeFileSync(path.join(folder, `${id}.yaml`), fileText(id, merchant));
  }
  const groups = [...batch].filter(([group]) => !fs.existsSync(stackConfigFile(workspace, group)));
  await mapBounded(
    2,
    groups,
    async ([group]) => void (await lab.pulumi(["stack", "init", group, "--no-select"])),
  );
  // One key encrypts them all: its derivation costs half a second of a core, a hundred times over.
  for (const [group, ids] of batch) {
    const file = stackConfigFile(workspace, group);
    if (!known) {
      const key = secretSetting(ids[0]!, secret);
      await setConfig(workspace, group, key, merchant.key, true);
      const settings = parseDocument(fs.readFileSync(file, "utf8"));
      known = {
        salt: settings.get("encryptionsalt"),
        ciphertext: settings.getIn(["config", `substation:${key}`, "secure"]),
      };
    }
    const config = Object.fromEntries(
      ids.map((id) => [`substation:${secretSetting(id, secret)}`, { secure: known!.ciphertext }]),
    );
    fs.writeFileSync(file, JSON.stringify({ encryptionsalt: known.salt, config })); // JSON is YAML
  }
}
