import { mark } from "../../config/names";
import type { RecordFact } from "./facts";
import { recordRules } from "./record";
import { expected, hostOf, neighbour, owner, stranger, zone } from "./testing";
import { finds, passes, testCases } from "./testing-cases";
import { record, strange } from "./testing-database";

const ingress = "127.0.0.1";
const elsewhere = "203.0.113.9";
const host = hostOf(owner);

const bad = (rule: string, when: string, fact: RecordFact, says: string | readonly string[]) =>
  finds(rule, when, { record: [fact] }, says);

/** What an operator may have beside the substations. */
const others = [
  strange({ name: zone, type: "NS", content: "ns1.example.net" }),
  strange({ name: zone, type: "A", content: elsewhere }),
  strange({ name: zone, type: "MX", content: "mx.example.net" }),
  strange({ name: `www.${zone}`, type: "CNAME", content: "pages.example.net" }),
  strange({ name: `mail.${zone}`, type: "A", content: elsewhere }),
  strange({ name: `k1._domainkey.${zone}`, type: "TXT", content: "v=DKIM1" }),
  strange({ name: `_dmarc.${zone}`, type: "CNAME", content: "dmarc.example.net" }),
];

testCases(recordRules, [
  ...recordRules.flatMap(({ id }) => [
    passes(id, "a zone that is in order", { record: [record(), record({}, neighbour), ...others] }),
    passes(
      id,
      "a plan's",
      { record: [record(), record({ ttl: 1, proxied: true }, neighbour)] },
      { stack: "demo" },
    ),
  ]),

  bad(
    "record-known",
    "an unknown input",
    record({ unknown: ["content"] }),
    `Record ${host}: content is not known before the update, so it cannot be judged`,
  ),

  bad(
    "record-name",
    "another name than the file asks for",
    record({ name: hostOf(stranger) }),
    `Record ${hostOf(stranger)} must be named ${host}, as the file of mengxiang asks`,
  ),
  bad(
    "record-name",
    "a neighbour's name",
    record({ name: hostOf(neighbour) }),
    `Record ${hostOf(neighbour)} must be named ${host}, as the file of mengxiang asks`,
  ),
  bad(
    "record-name",
    "one without a file",
    record({}, stranger),
    `Record ${hostOf(stranger)} must belong to a substation that has a file, but demo/nobody has none`,
  ),
  finds(
    "record-name",
    "one of nobody in a plan",
    { record: [strange({ name: `blog.${zone}`, type: "A", content: ingress })] },
    `Record blog.${zone} must be one of a substation that has a file`,
    { stack: "demo" },
  ),
  ...(
    [
      [
        `www.${zone}`,
        `Record www.${zone} must be fit for a substation: "www" is reserved for the platform; choose another first label, like the substation's id`,
      ],
      [`a.b.${zone}`, `Record a.b.${zone} must be one label below the zone ${zone}`],
      ["mengxiang.example.com", `Record mengxiang.example.com must be one label below the zone ${zone}`],
    ] as const
  ).map(([name, says]) =>
    finds("record-name", `${name}, even if a file asks for it`, { record: [record({ name })] }, says, {
      substations: new Map([[owner.id, expected(owner, { host: name })]]),
    }),
  ),

  ...["CNAME", "NS", "MX", "TXT", undefined].map((type) =>
    bad(
      "record-type",
      `${type} in place of an address`,
      record({ type, content: "shops.example.net" }),
      `Record ${host} (${type ?? "nothing that is known"} shops.example.net) must be of type A`,
    ),
  ),
  bad(
    "record-type",
    "a stranger's beside it",
    strange({ name: host, type: "TXT", content: "google-site-verification=1" }),
    `Record ${host} (TXT google-site-verification=1) must be of type A`,
  ),

  ...[elsewhere, undefined].map((content) =>
    bad(
      "record-content",
      `${content} as the address`,
      record({ content }),
      `Record ${host} (A ${content ?? "nothing that is known"}) must lead to the ingress, ${ingress}`,
    ),
  ),
  bad(
    "record-content",
    "an address of the other family",
    record({ type: "AAAA", content: "2001:db8::1" }),
    `Record ${host} (AAAA 2001:db8::1) must lead to the ingress, ${ingress}`,
  ),
  bad(
    "record-content",
    "a stranger's second address",
    strange({ name: host, type: "A", content: elsewhere }),
    `Record ${host} (A ${elsewhere}) must lead to the ingress, ${ingress}`,
  ),

  ...[undefined, "", mark(neighbour)].map((comment) =>
    bad(
      "record-mark",
      `the comment ${JSON.stringify(comment)}`,
      record({ owner: undefined, comment }),
      `Record ${host} must carry the comment "${mark(owner)}" but carries ${comment ? `"${comment}"` : "none"}`,
    ),
  ),

  ...[301, 0, undefined].map((ttl) =>
    bad(
      "record-ttl",
      `${ttl} seconds`,
      record({ ttl }),
      `Record ${host} must be remembered for at most 300 s but is for ${ttl ?? "nothing that is known"}`,
    ),
  ),

  ...(
    [
      ["A", ingress],
      ["AAAA", "2001:db8::1"],
      ["A", elsewhere],
      ["CNAME", host],
    ] as const
  ).map(([type, content]) =>
    bad(
      "record-unmarked",
      `a name that nobody knows, ${type} ${content}`,
      strange({ name: `blog.${zone}`, type, content }),
      `Record blog.${zone} (${type} ${content}) must carry the mark of a substation`,
    ),
  ),

  bad(
    "record-takeover",
    "a wildcard",
    strange({ name: `*.${zone}`, type: "A", content: elsewhere }),
    `Record *.${zone} (A ${elsewhere}) must not answer for every name that nobody has`,
  ),
  bad(
    "record-takeover",
    "what proves a substation's name to others",
    strange({ name: `_acme-challenge.${host}`, type: "TXT", content: "x" }),
    `Record _acme-challenge.${host} (TXT x) must not be below a substation's host name`,
  ),
  bad(
    "record-takeover",
    "a part of the zone on other servers",
    strange({ name: `blog.${zone}`, type: "NS", content: "ns.example.net" }),
    `Record blog.${zone} (NS ns.example.net) must not hand a part of the zone to other servers`,
  ),
  bad(
    "record-takeover",
    "a name of others",
    strange({ name: `blog.${zone}`, type: "CNAME", content: "old.example.net" }),
    `Record blog.${zone} (CNAME old.example.net) must not lead out of the zone: whoever gets hold of that name gets this one`,
  ),
]);
