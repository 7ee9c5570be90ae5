import { Command } from "commander";
import { setUpSandbox, type SandboxMerchant, type SandboxReport } from "../local/sandbox";
import { projectWorkspace, settingsFile } from "./project";

/** `substation sandbox`: merchants at this machine's sandbox gateways, for channels with `sandbox: true`. */
export function sandboxCommand(): Command {
  return new Command("sandbox")
    .description(
      "Makes a substation's sandbox channels work with this machine's gateways: makes up the merchants' keys, registers the merchants, and stores the secrets, encrypted. What is there stays.",
    )
    .argument("<id>", "the substation")
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      "\nNeeds what `pulumi` needs: the command on PATH, PULUMI_BACKEND_URL, and the passphrase; and the group's stack. The gateways run after `substation local start`.",
    )
    .action(async (id: string, { json }: { json?: boolean }) => {
      const done = await setUpSandbox(projectWorkspace(), id);
      process.stdout.write(json ? `${JSON.stringify(done, null, 2)}\n` : `${sandboxText(done).join("\n")}\n`);
    });
}

export function sandboxText({ id, group, merchants, left }: SandboxReport): string[] {
  if (merchants.length + left.length === 0) return [`${id} has no channel with sandbox: true`];
  const stored = merchants.flatMap((merchant) => merchant.stored);
  return [
    ...merchants.map(
      (one) => `${one.channel}: merchant ${one.merchant} ${registeredText(one)}${storedText(one)}`,
    ),
    ...left.map((channel) => `${channel}: left out; the sandbox has no gateway of its kind`),
    ...(stored.length > 0
      ? [
          `commit ${settingsFile(group)}, which holds ${stored.join(", ")}, encrypted; shops have them after the next update: npm run up -- ${group}`,
        ]
      : []),
  ];
}

function registeredText({ registered, kind }: SandboxMerchant): string {
  switch (registered) {
    case "new":
      return `is registered at the sandbox's ${kind}`;
    case "known":
      return `was registered at the sandbox's ${kind} before`;
    case "changed":
      return `is registered anew at the sandbox's ${kind}, which refuses shops that know it by its former keys`;
  }
}

const storedText = ({ stored }: SandboxMerchant): string =>
  stored.length === 0 ? "" : `; stored ${stored.join(", ")}`;
