import { setTimeout as sleep } from "node:timers/promises";
import type { ChannelKind, Health } from "../../config/channels/types";
import { Failed, type Seen } from "./ledger";
import { elementsWith, textOf } from "./markup";
import type { Target } from "./target";
import type { Page, Visitor } from "./visitor";

/** Milliseconds within which a shop that was just opened is routed and ready. */
const patience = 15_000;

/** An article on the shop's home page. */
export interface Goods {
  readonly id: string;
  readonly module: string;
  /** At most 200 characters. */
  readonly title: string;
  readonly fen: number;
  readonly soldOut: boolean;
}

/**
 * Whether the shop is ready, and is the container that is to be proved.
 * @throws Failed
 */
export async function checkReady(
  visitor: Visitor,
  home: URL,
  containerId: string,
  { wait = patience }: { readonly wait?: number } = {},
): Promise<Seen> {
  for (const end = Date.now() + wait; ; await sleep(500)) {
    const answer = await visitor.get(new URL("/readyz", home)).catch((error: Error) => error);
    const wrong = notReady(answer, home, containerId);
    if (!wrong) return { what: `${home.host} is ready` };
    if (Date.now() > end) throw wrong;
  }
}

/** Just after a replacement the ingress may know the old container still. */
function notReady(answer: Page | Error, { host }: URL, containerId: string): Failed | undefined {
  if (answer instanceof Error)
    return new Failed(answer.message, "See the shop's log, and its routes at the ingress.");
  if (answer.status !== 200)
    return new Failed(`${host} answers /readyz with ${answer.status}`, "See the shop's log (docker logs).");
  const instance = instanceOf(answer);
  if (instance === undefined || containerId.startsWith(instance)) return undefined;
  return new Failed(
    `container ${instance} answers for ${host}, not ${containerId.slice(0, 12)}`,
    "Another container has this host's route, or an update is under way: wait for it, and run this again.",
  );
}

const instanceOf = ({ headers }: Page): string | undefined => headers["x-substation-instance"]?.toString();

/**
 * What the home page lists: something of each module that is on, and nothing else.
 * @throws Failed
 */
export async function readGoods(visitor: Visitor, home: URL, { modules }: Target["spec"]): Promise<Goods[]> {
  const page = await visitor.get(new URL("/", home));
  if (page.status !== 200)
    throw new Failed(`the home page is answered with ${page.status}`, "See the shop's log (docker logs).");
  const goods = goodsOn(page);
  const on = Object.entries(modules).flatMap(([name, module]) => (module?.enabled ? [name] : []));
  if (on.length === 0)
    throw new Failed(
      "no module is on, so nothing is sold",
      "Switch one on in the file, and update the group.",
    );
  const bare = on.filter((name) => !goods.some(({ module }) => module === name));
  if (bare.length > 0)
    throw new Failed(
      `nothing of ${bare.join(", ")} is listed`,
      "List an article of it in the shop, or check the module's settings in the file. An image of your own must keep docs/image-contract.md.",
    );
  const strange = goods.find(({ module }) => !on.includes(module));
  if (strange)
    throw new Failed(
      `goods of ${strange.module} are listed, which the file does not switch on`,
      "The file is newer than what runs: update the group.",
    );
  return goods;
}

const goodsOn = ({ body }: Page): Goods[] =>
  elementsWith(body, "data-goods").map(({ attributes, content }) => {
    const { "data-goods": id = "", "data-module": module = "", "data-fen": fen = "" } = attributes;
    if (!/^\d+$/.test(fen))
      throw new Failed(
        `the price of goods ${id} is "${fen}", and no whole number of fen`,
        "See docs/image-contract.md.",
      );
    return {
      id,
      module,
      title: textOf(/<a\b[^>]*>([^]*?)<\/a>/.exec(content)?.[1] ?? "").slice(0, 200) || "(without a title)",
      fen: Number(fen),
      soldOut: "data-sold-out" in attributes,
    };
  });

/**
 * Sends what is signed by nobody to where the gateway will call: by both methods the shop must refuse it in the gateway's own words. A challenge page, a redirect, a 404 or
 * a 405 would meet the gateway too.
 * @throws Failed
 */
export async function probeNotify(
  visitor: Visitor,
  url: URL,
  kind: ChannelKind,
  { refusal }: Health,
): Promise<Seen> {
  for (const method of ["GET", "POST"]) {
    const { status, headers, body } = await visitor.ask(
      method,
      url,
      method === "POST" ? new URLSearchParams() : undefined,
    );
    const seen = `${method} ${url.pathname}, unsigned, is answered with ${status}`;
    const [wrong, remedy] =
      status >= 300 && status < 400
        ? [`a redirect to ${headers.location}`, "Take the redirect away: a gateway does not follow it."]
        : /^text\/html\b/i.test(headers["content-type"] ?? "")
          ? [
              "a page for people",
              "Let /pay/ through whatever shows it: a firewall's challenge, or a maintenance page.",
            ]
          : !body.toLowerCase().includes(refusal.toLowerCase())
            ? [
                `no word of refusal ("${refusal}" of ${kind})`,
                "See that /pay/ reaches the shop, and the shop's log.",
              ]
            : status === 404 || status === 405
              ? [
                  "a status of what is not there",
                  "Answer by GET and by POST with another one: a gateway may take this route for a wrong address, and never call again.",
                ]
              : [];
    if (wrong !== undefined) throw new Failed(`${seen}: ${wrong}`, remedy ?? "");
  }
  return { what: `${url.pathname} refuses what is unsigned, by GET and by POST` };
}
