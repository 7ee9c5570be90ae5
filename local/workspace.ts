import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { pulumiOk, type Workspace } from "../fleet/pulumi";
import { stackNames } from "../fleet/stack-names";
import { setConfig, setPlainConfig, settingsOf } from "../fleet/stack-settings";
import type { Engine } from "./engine";
import { readIfPresent, writeFileAtomic } from "./files";
import { secretSettings, type PlatformSettings } from "./instance";

/** The folder of Pulumi.yaml. */
export const projectRoot = path.resolve(__dirname, "..");

/**
 * Pulumi's own settings for an instance of the embedded defaults: state in a folder of the instance's home, and a passphrase made at the first use. They are also
 * written to `<home>/env.sh`, so that a shell that sources it can run `pulumi` by itself.
 */
export function openWorkspace(home: string, engine: Engine, root: string = projectRoot): Workspace {
  const state = path.join(home, "state");
  fs.mkdirSync(state, { recursive: true, mode: 0o700 });
  const passphrase = path.join(home, "secrets", "passphrase");
  if (readIfPresent(passphrase) === undefined)
    writeFileAtomic(passphrase, randomBytes(24).toString("base64url"), 0o600);
  const settings = {
    ...engine.env,
    // Without an `.attrs` file beside each: a sum of every state that is written, which nobody reads, and which a kill leaves torn.
    PULUMI_BACKEND_URL: `file://${state}?metadata=skip`,
    PULUMI_CONFIG_PASSPHRASE_FILE: passphrase,
    SUBSTATION_HOME: home,
  };
  const quoted = (value: string) => `'${value.replaceAll("'", `'\\''`)}'`;
  const lines = Object.entries(settings).map(([key, value]) => `export ${key}=${quoted(value)}`);
  writeFileAtomic(path.join(home, "env.sh"), `${lines.join("\n")}\n`, 0o600);
  return { root, env: { ...process.env, ...settings } };
}

/**
 * Makes a stack where the backend has none of that name. A config file of the same name that an earlier backend left is set aside, not overwritten: what is encrypted in
 * it belongs to another passphrase.
 */
export async function ensureStack(workspace: Workspace, name: string): Promise<void> {
  if ((await stackNames(workspace)).includes(name)) return;
  const file = stackConfigFile(workspace, name);
  if (fs.existsSync(file)) fs.renameSync(file, `${file}.${Date.now()}~`);
  await pulumiOk(workspace, ["stack", "init", name, "--no-select"]);
}

export const stackConfigFile = (workspace: Workspace, name: string): string =>
  path.join(workspace.root, "stacks", `Pulumi.${name}.yaml`);

/** Writes the platform's settings into its stack's config, where they differ from what stands there. */
export async function configurePlatform(
  workspace: Workspace,
  stack: string,
  settings: PlatformSettings,
): Promise<void> {
  const known = await settingsOf(workspace, stack);
  const secret = new Set<string>(secretSettings);
  const changed = Object.entries(settings)
    .map(([key, value]) => [key, String(value)] as const)
    .filter(([key, value]) => known.get(key) !== value);
  await setPlainConfig(
    workspace,
    stack,
    changed.filter(([key]) => !secret.has(key)),
  );
  for (const [key, value] of changed.filter(([key]) => secret.has(key)))
    await setConfig(workspace, stack, key, value, true);
}
