import { stripVTControlCharacters } from "node:util";
import type { Proof } from "../config/proof";
import type { SubstationStatus } from "../fleet/status";
import { proofExitCode, provedText } from "./prove";
import { statusText } from "./status";

const open: SubstationStatus = {
  id: "mengxiang",
  group: "demo",
  tier: "standard",
  url: "http://mengxiang.substation.test:8080",
  engine: { ok: true, what: "healthy" },
  proof: { state: "valid", file: "proofs/mengxiang/x.json", since: "2026-11-23T12:00:00Z" },
  state: "open",
  deadline: undefined,
  suspended: undefined,
  ok: true,
  open: true,
  reason: undefined,
};
const closed: SubstationStatus = {
  ...open,
  id: "haitang",
  proof: { state: "none" },
  ok: false,
  open: false,
  reason: "nothing was ever bought from it: npm run substation -- prove haitang",
};

test("the table says what engine and proof say, and why a substation is not open", () => {
  const stopped = { ...open, id: "xingchen", proof: { ...open.proof, stopped: ["alipay"] } };
  expect(stripVTControlCharacters(statusText([open, closed, stopped]))).toBe(
    [
      "id         group  tier      URL                                    engine   proof                                      verdict",
      "mengxiang  demo   standard  http://mengxiang.substation.test:8080  healthy  since 2026-11-23T12:00:00Z                 open",
      "haitang    demo   standard  http://mengxiang.substation.test:8080  healthy  none                                       not open",
      "xingchen   demo   standard  http://mengxiang.substation.test:8080  healthy  since 2026-11-23T12:00:00Z, alipay unpaid  open",
      "",
      "haitang is not open: nothing was ever bought from it: npm run substation -- prove haitang",
      "",
    ].join("\n"),
  );
  const suspended = {
    ...open,
    state: "suspended" as const,
    suspended: { since: "2026-11-23", reason: "升级" },
    open: false,
    reason: "suspended since 2026-11-23 (升级): npm run substation -- resume mengxiang",
  };
  const [, row, , said] = stripVTControlCharacters(statusText([suspended])).split("\n");
  expect([row!.split("  ").at(-1), said]).toEqual(["suspended", `mengxiang is ${suspended.reason}`]);
  expect(statusText([])).toBe("there is no substation\n");
});

test("a proof is told step by step, with what to do about what failed", () => {
  const step = { milliseconds: 1 } as const;
  const proof = {
    result: "failed",
    steps: [
      { ...step, step: "dns", outcome: "ok", what: "it is 127.0.0.1" },
      {
        ...step,
        step: "notify",
        channel: "alipay",
        outcome: "failed",
        what: "a redirect",
        remedy: "Take it away.",
      },
      {
        ...step,
        step: "purchase",
        channel: "alipay",
        outcome: "not-tried",
        what: "since notify by alipay failed",
      },
      { ...step, step: "purchase", channel: "wechat", outcome: "stopped-before-payment", what: "unpaid" },
    ],
  } as Partial<Proof> as Proof;
  const failed = { id: "mengxiang", file: "proofs/mengxiang/x.json", proof };
  expect(stripVTControlCharacters(provedText([failed, { id: "haitang", untried: "it is not open" }]))).toBe(
    [
      "mengxiang  failed",
      "  dns                 ok                      it is 127.0.0.1",
      "  notify by alipay    failed                  a redirect",
      "    → Take it away.",
      "  purchase by alipay  not tried               since notify by alipay failed",
      "  purchase by wechat  stopped before payment  unpaid",
      "  proofs/mengxiang/x.json",
      "",
      "haitang  not tried",
      "  it is not open",
      "",
    ].join("\n"),
  );
  const proved = { ...failed, proof: { ...proof, result: "proved" as const } };
  expect([[proved], [proved, failed], [proved, { id: "x", untried: "y" }]].map(proofExitCode)).toEqual([
    0, 1, 2,
  ]);
  const suspended = { id: "x", suspended: "since 2026-11-23: 升级" };
  expect(proofExitCode([suspended])).toBe(0);
  expect(stripVTControlCharacters(provedText([suspended]))).toBe(
    "x  suspended\n  since 2026-11-23: 升级; nothing can be bought from it\n",
  );
});
