import { Command } from "commander";
import { UserError } from "../config/error";
import { listSecrets, removeSecret, setSecret, type SecretEntry, type SecretList } from "../fleet/secrets";
import { askHidden } from "./hidden";
import { projectRoot, projectWorkspace, settingsFile } from "./project";
import { table } from "./table";

/** Bytes of standard input, of which no secret has as many. */
const longestInput = 64 * 1024;

const needs =
  "\nNeeds what `pulumi` needs: the command on PATH, PULUMI_BACKEND_URL, and the passphrase; and the group's stack.";

/** `substation secret`: what only merchants and their shops know, encrypted in the settings of the group's stack. */
export function secretCommand(): Command {
  const secret = new Command("secret").description(
    "Keeps the secrets that payment channels name, encrypted in stacks/Pulumi.<group>.yaml. Values are never shown.",
  );
  secret
    .command("set")
    .description("Stores a secret: asks for it without showing it, or reads it from standard input.")
    .argument("<id>", "the substation")
    .argument("<name>", "the secret, as a channel names it")
    .addHelpText(
      "after",
      `\nThe value is never an argument, which other users of the machine and the shell's history would see. From a file:\n  substation secret set mengxiang alipay-key < key.pem${needs}`,
    )
    .action(async (id: string, name: string) => {
      const workspace = projectWorkspace();
      listSecrets(workspace, id); // nobody is asked in vain
      const value = process.stdin.isTTY
        ? await askHidden(`Value of ${name} for ${id} (not shown): `)
        : await readAll(process.stdin);
      const done = await setSecret(workspace, id, name, value);
      process.stdout.write(`${wasSet(done).join("\n")}\n`);
    });
  secret
    .command("list")
    .description(
      "Lists a substation's secrets: which fields of channels name them, and whether they are set; exit 1 where one is not.",
    )
    .argument("<id>", "the substation")
    .option("--json", "as JSON")
    .action((id: string, { json }: { json?: boolean }) => {
      const found = listSecrets({ root: projectRoot() }, id);
      process.stdout.write(json ? `${JSON.stringify(found, null, 2)}\n` : `${listText(found).join("\n")}\n`);
      if (found.secrets.some(({ state }) => state !== "set")) process.exitCode = 1;
    });
  secret
    .command("remove")
    .description("Takes away a secret that no channel names any more.")
    .argument("<id>", "the substation")
    .argument("<name>", "the secret")
    .addHelpText("after", needs)
    .action(async (id: string, name: string) => {
      const { group } = await removeSecret(projectWorkspace(), id, name);
      process.stdout.write(
        `${name} of ${id} is removed: commit ${settingsFile(group)}. Its history still holds the value, encrypted.\n`,
      );
    });
  return secret;
}

/** What follows from a secret that was set. */
export function wasSet({ id, group, file, secrets, secret }: SecretList & { secret: SecretEntry }): string[] {
  const missing = secrets.filter(({ state }) => state !== "set").map(({ name }) => name);
  return [
    `${secret.name} of ${id} is set, encrypted, in ${settingsFile(group)}: commit that file`,
    secret.uses.length > 0
      ? `it is ${usesText(secret)}; shops have it after the next update: npm run up -- ${group}`
      : `no channel in ${file} names it yet`,
    ...(missing.length > 0 ? [`not set yet: ${missing.join(", ")}`] : []),
  ];
}

export function listText({ id, file, secrets }: SecretList): string[] {
  if (secrets.length === 0) return [`${id} has no secrets: no channel in ${file} names one`];
  const states = { set: "set", missing: "MISSING", plain: "IN PLAIN TEXT: set it anew" };
  const rows = secrets.map((one) => [one.name, states[one.state], usesText(one)]);
  return table([["secret", "state", "used as"], ...rows]);
}

const usesText = ({ uses }: SecretEntry): string =>
  uses.map(({ channel, field }) => `${field} of ${channel}`).join(", ") || "(by no channel)";

/** @throws UserError where it is no text, or longer than any secret */
export async function readAll(input: AsyncIterable<Buffer | string>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of input) {
    chunks.push(Buffer.from(chunk));
    length += chunks.at(-1)?.length ?? 0;
    if (length > longestInput)
      throw new UserError(`more than ${longestInput} bytes came: that is no secret. Nothing was set.`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new UserError("what came is not UTF-8 text: give a key in PEM form or as base64. Nothing was set.");
  }
}
