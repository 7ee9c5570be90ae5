import { writeFileSync } from "node:fs";
import { databaseName, userId } from "../../config/names";
import { Lab } from "../e2e/lab";
import { goldenIds, goldenPlatform, stateFile } from "./state";

/**
 * Writes the fixture anew, from the exported state of three substations on a real platform: `scripts/run test/golden/make.ts`. Run it where the components' inputs have changed,
 * and read the difference before it is committed.
 */
async function main(): Promise<void> {
  const lab = await Lab.open({ prefix: "golden" });
  try {
    for (const id of goldenIds) lab.write("demo", id);
    await lab.ensureStack("demo");
    await lab.up("demo");
    const { stdout } = await lab.pulumi(["stack", "export", "-s", "demo"]);
    const state = JSON.parse(stdout) as State;
    const { deployment } = state;
    const resources = deployment.resources.map(essential);
    const scrubbed = { ...state, deployment: { manifest: deployment.manifest, resources } };
    writeFileSync(stateFile, `${rename(JSON.stringify(scrubbed, null, 2), lab)}\n`);
  } finally {
    await lab.close();
  }
}

interface State {
  readonly version: number;
  readonly deployment: { readonly manifest: unknown; readonly resources: readonly Record<string, unknown>[] };
}

/** What an analysis looks at. Outputs hold what this machine is, and secrets. */
const kept = [
  ..."urn custom type id inputs parent protect retainOnDelete provider dependencies".split(" "),
  ..."additionalSecretOutputs ignoreChanges".split(" "),
];

const essential = (resource: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(resource)
      .filter(([key]) => kept.includes(key))
      .map(([key, value]) => [key, withoutSecrets(value)]),
  );

/** A secret stays one, as the engine writes those that it need not decrypt; its value goes. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, part]) =>
    key === "ciphertext" ? ["plaintext", '"[secret]"'] : [key, withoutSecrets(part)],
  );
  return Object.fromEntries(entries);
}

/** Another platform's names, and nothing of this machine. */
function rename(text: string, lab: Lab): string {
  const derived = goldenIds.flatMap((id): [string, string][] => [
    [databaseName(lab.name, id), databaseName(goldenPlatform, id)],
    [String(userId(lab.name, id)), String(userId(goldenPlatform, id))],
  ]);
  const names: [string, string][] = [...derived, [lab.home, "/srv/substation"], [lab.name, goldenPlatform]];
  return names.reduce((renamed, [from, to]) => renamed.replaceAll(from, to), text);
}

void main();
