import { execFile } from "node:child_process";
import { join } from "node:path";
import type { AuditReport, LocatedFinding } from "../fleet/audit/report";
import type { RuleInfo } from "../policies/rules/rule";

/** An audit that found something of every severity, for the tests of what is printed. */
export const capabilities: RuleInfo = {
  id: "container-capabilities",
  severity: "critical",
  description: "Checks that a container drops all capabilities.",
  references: ["D02", "CIS Docker 5.4"],
  remedy: "Run `pulumi up`: the container is made anew.",
};

export const liveRestore: RuleInfo = {
  id: "host-live-restore",
  severity: "low",
  description: "Checks that containers outlive the Docker daemon.",
  references: ["D25", "CIS Docker 2.15"],
  remedy: 'Set "live-restore": true in daemon.json.',
};

const owner = { platform: "local", group: "demo", id: "mengxiang" };
const container = "local-mengxiang-shop-abcdefghij";

const shop = (message: string): LocatedFinding => ({
  rule: capabilities,
  kind: "container",
  subject: container,
  owner,
  message: `Container ${container} ${message}`,
  file: "stacks/demo/mengxiang.yaml",
});

const daemon: LocatedFinding = {
  rule: liveRestore,
  kind: "host",
  subject: "live-restore",
  owner: undefined,
  message: "Host setting live-restore must be on",
  file: undefined,
};

export const report: AuditReport = {
  platform: "local",
  ids: [],
  findings: [daemon, shop("must drop all capabilities"), shop("must not add NET_ADMIN")],
  blind: [{ what: "pg_hba.conf of 127.0.0.1:5432", why: "The provisioner may not read it. Grant it that." }],
  looked: { container: 5, role: 1, hba: 3, volume: 0 },
  rules: 2,
  seconds: 1.25,
};

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The real command, as an operator runs it, to its end.
 * @throws what kept it from one: it could not be started, or was killed
 */
export function runCli(
  args: readonly string[],
  { cwd, env = { ...process.env, NO_COLOR: "1" }, input = "" }: RunCli,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      [join(__dirname, "bin.js"), ...args],
      { cwd, env },
      (error, stdout, stderr) => {
        const code = error ? error.code : 0;
        if (typeof code === "number") resolve({ code, stdout, stderr });
        else reject(new Error(`substation ${args.join(" ")} came to no end`, { cause: error }));
      },
    );
    child.stdin?.end(input);
  });
}

interface RunCli {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Its standard input. */
  readonly input?: string;
}
