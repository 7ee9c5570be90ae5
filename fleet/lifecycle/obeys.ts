import { setTimeout as sleep } from "node:timers/promises";
import { descriptorOf } from "../../config/channels";
import type { Standing } from "../standing";
import { Failed } from "../prove/ledger";
import { elementsWith } from "../prove/markup";
import { probeNotify } from "../prove/shop";
import type { Target } from "../prove/target";
import { Visitor, type Page } from "../prove/visitor";

/** Milliseconds within which the ingress knows the new container. */
const patience = 15_000;

/**
 * Whether a shop that stands keeps what docs/image-contract.md asks of a suspended one, seen through the ingress: its pages say so, it takes no order and starts no payment,
 * and gateways are answered as ever.
 * @param wait milliseconds of waiting for the ingress, in place of 15 s
 * @returns what it does not keep, a sentence each
 */
export async function disobeyed(
  { spec, platform }: Target,
  { url, notifyUrls }: Pick<Standing, "url" | "notifyUrls">,
  wait = patience,
): Promise<string[]> {
  const home = new URL(url);
  const visitor = new Visitor({ host: home.hostname, address: platform.ingress.address });
  const page = await suspendedPage(visitor, home, wait);
  if (typeof page === "string") return [page];
  const found: string[] = [];
  if (page.headers["retry-after"] === undefined)
    found.push("its home page has no header Retry-After: programs take it for broken");
  const forms: readonly [string, Record<string, string>][] = [
    ["/orders", { goods: "1", quantity: "1", contact: "proof@substation.invalid" }],
    [`/orders/${"0".repeat(32)}/pay`, { channel: spec.channels[0]?.id ?? "alipay" }],
  ];
  for (const [path, fields] of forms) {
    const { status } = await visitor.ask("POST", new URL(path, home), new URLSearchParams(fields));
    if (status !== 503) found.push(`a form for ${path} is answered with ${status}, not with 503`);
  }
  for (const channel of spec.channels) {
    const notify = notifyUrls.get(channel.id);
    if (notify === undefined) continue; // it was added since, and nobody has paid by it
    try {
      await probeNotify(visitor, new URL(notify), channel.kind, descriptorOf(channel).health);
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      found.push(`payments by ${channel.id} that are under way are not taken: ${error.message}`);
    }
  }
  return found;
}

/** Its home page, once it says that the shop is suspended; else what it says. */
async function suspendedPage(visitor: Visitor, home: URL, wait: number): Promise<Page | string> {
  for (const end = Date.now() + wait; ; await sleep(500)) {
    const page = await visitor.get(new URL("/", home)).catch((error: Error) => error.message);
    if (
      typeof page !== "string" &&
      page.status === 503 &&
      elementsWith(page.body, "data-suspended").length > 0
    )
      return page;
    if (Date.now() < end) continue;
    return typeof page === "string"
      ? page
      : `its home page is answered with ${page.status}${page.status === 503 ? ", and without data-suspended" : ", not with 503"}`;
  }
}
