import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { formatProblem, loadFleet } from "./fleet";
import type { Fleet } from "./fleet";

/** A file that is right in every way, and tiers for it: tests change one thing. */
export const goodFile = `title: 梦想点卡
tier: standard
owner:
  name: 王小明
  contact: 微信 mengxiang88
domain:
  host: mengxiang.substation.test
revenueShare: 12.5%
`;

const tier = (title: string, memory: string, cpus: number, terms: string): string => `
    title: ${title}
    limits:
      { memory: ${memory}, cpus: ${cpus}, processes: 64, databaseConnections: 5, statementTimeout: 10s,
        idleTransactionTimeout: 30s, temporaryStorage: 32 MB, logSize: 10 MB }
    ${terms}
    scopes: ["goods:read", "orders:create", "orders:read"]
`;
const trialTerms = `modules: [gameCards]
    channels: [alipay, epay]
    maximumChannels: 2
    markup: { from: 0%, to: 30%, default: 10% }
    revenueShare: { from: 5%, to: 50% }`;
const standardTerms = trialTerms
  .replace("[gameCards]", "[gameCards, phoneTopUp]")
  .replace("[alipay, epay]", "[alipay, wechatPay, epay]")
  .replace("Channels: 2", "Channels: 4");
const professionalTerms = standardTerms.replace("to: 30%", "to: 60%").replace("to: 50%", "to: 100%");

export const goodTiers = `tiers:
  trial: ${tier("体验版", "128 MB", 0.25, trialTerms)}
  standard: ${tier("标准版", "192 MB", 0.5, standardTerms)}
  professional: ${tier("专业版", "1 GB", 1, professionalTerms)}`;

/** A file whose every sale loses money with this markup and this fee, and what is said of that. */
export const atALoss = {
  file: `${goodFile}markup: 1%
channels:
  ee: { kind: epay, version: v1, gateway: "https://pay.example.com", merchantId: "7", type: alipay, secrets: { key: k }, fee: 2% }
`,
  said: "11:127  terms/floor  channels.ee.fee is 2%: with markup 1%, goods that cost 100.00 are sold for 101.00, of which the fee takes 2.02 and revenueShare 12.5% of the margin 0.12; 98.86 is left, less than they cost; raise markup to 2.34% or more, or lower revenueShare.",
};

export const withHost = (host: string): string => goodFile.replace("mengxiang.substation.test", host);

/** Loads a fleet of the given files, by path below `stacks/`; good tiers are added where none are given. */
export function fleetOf(
  files: Readonly<Record<string, string | Buffer>>,
  prepare?: (root: string) => void,
  cleanUp?: () => unknown,
): Fleet & { readonly lines: string[] } {
  const root = mkdtempSync(join(tmpdir(), "substation-fleet-"));
  try {
    for (const [path, content] of Object.entries({ "tiers.yaml": goodTiers, ...files })) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    prepare?.(root);
    const fleet = loadFleet(root);
    return { ...fleet, lines: fleet.problems.map((p) => formatProblem(p).replaceAll(root, "stacks")) };
  } finally {
    cleanUp?.();
    rmSync(root, { recursive: true, force: true });
  }
}
