import * as path from "node:path";
import { table } from "../cli/table";
import { parts } from "../fleet/timing";
import { homeFolder, zone } from "./home";

export interface Row {
  readonly id: string;
  readonly url: string;
  readonly tier: string;
  /** How many of its resources this run changed. */
  readonly changes: number;
  /** Seconds by part, of those that changed. */
  readonly seconds: Readonly<Record<string, number>>;
  readonly total: number;
}

export interface Step {
  readonly step: string;
  readonly seconds: number;
}

/** What `npm run demo` ends with: what is open, how long it took, and what to try next, by the commands that README.md shows. */
export function demoReport(
  rows: readonly Row[],
  steps: readonly Step[],
  { group, dnsPort }: { readonly group: string; readonly dnsPort: number | undefined },
): string {
  const shown = (value: number | undefined) => (value === undefined ? "-" : value.toFixed(1));
  const head = ["id", "URL", "tier", ...parts.map((part) => `${part} s`), "all s"];
  const body = rows.map((row) => [
    row.id,
    row.url,
    row.tier,
    ...parts.map((part) => shown(row.seconds[part])),
    row.changes === 0 ? "unchanged" : shown(row.total),
  ]);
  const first = rows[0];
  const host = first ? new URL(first.url) : undefined;
  return [
    "",
    ...table([head, ...body]),
    "",
    `Took ${steps.map(({ step, seconds }) => `${step} ${seconds.toFixed(1)} s`).join(", ")}.`,
    "",
    "Look around:",
    ...(host ? [`  curl --resolve ${host.hostname}:${host.port}:127.0.0.1 ${host.href}`] : []),
    ...(host
      ? [
          `  chromium --host-resolver-rules="MAP *.${zone} 127.0.0.1" ${host.href}   # and buy something: the sandbox takes no money`,
        ]
      : []),
    ...(host && dnsPort ? [`  dig @127.0.0.1 -p ${dnsPort} ${host.hostname}`] : []),
    `  source ${path.join(homeFolder(), "env.sh")}   # then: pulumi stack -s ${group}, pulumi preview -s ${group}, pulumi up -s ${group}`,
    `  npm run substation -- audit                          # what really runs, by the rules of docs/security.md`,
    ...(first
      ? [
          `  npm run substation -- audit --attack ${first.id}   # what an intruder in that shop gets`,
          "",
          "Open one of your own, and buy from it:",
          `  npm run substation -- new tianhe --from ${first.id} --title 天河点卡 --owner 张三 --contact "QQ 10002"`,
          "  npm run substation -- sandbox tianhe   # its merchants at the sandbox gateways",
          "  npm run substation -- plan tianhe      # what would be done, and what it takes of the machine",
          "  npm run substation -- open tianhe",
          "  npm run substation -- status           # which are open, and why others are not",
          "",
        ]
      : []),
    "  npm run demo -- --down   # removes all that this made",
    "",
  ].join("\n");
}
