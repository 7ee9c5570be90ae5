import { readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { descriptorOf } from "../../config/channels";
import { gitBlob, type Proof, type ProofStep, type Subject } from "../../config/proof";
import { healthOf, liveContainers, type LiveContainer } from "../../inventory/docker";
import { version } from "../../package.json";
import type { StandingShop } from "../standing";
import { checkCertificate, checkName } from "./address";
import { Failed, Ledger, type Seen } from "./ledger";
import { purchase } from "./purchase";
import { checkReady, probeNotify, readGoods, type Goods } from "./shop";
import type { Target } from "./target";
import { Visitor } from "./visitor";

/** A proof that is not kept yet. */
export type Fresh = Omit<Proof, "hash" | "previous">;

export interface Proving {
  /** The project's folder. */
  readonly root: string;
  /** Hears of each step as it begins. */
  readonly note?: (what: string) => void;
  /** Milliseconds of waiting for DNS, readiness and a delivery, in place of 30 s, 15 s and 30 s. For tests. */
  readonly wait?: number;
}

/**
 * Tries on one substation what its buyers and gateways will do, and writes down what came of it. Every wait has an end. At sandboxes it pays with play money and takes
 * sample cards; with a real merchant it stops before money moves.
 * @throws Error where the substation is not in its stack, so that there is nothing to be proved, or the Docker engine does not answer
 */
export async function prove({ spec, platform, standing }: Target, proving: Proving): Promise<Fresh> {
  const { root, note = () => undefined, wait } = proving;
  const shop = standing?.shop;
  if (!standing || !shop) throw new Error(`${spec.id} is not in its stack`);
  const began = new Date();
  const ledger = new Ledger(note);
  const waiting = wait === undefined ? {} : { wait };
  const url = new URL(standing.url);
  const visitor = new Visitor({ host: url.hostname, address: platform.ingress.address });

  // Outside the ledger, here and at the end: an engine that does not answer says nothing of the shop, and must not leave a failed proof of it.
  const before = await liveContainers();
  const container = await ledger.take({ step: "container" }, [], () => checkContainer(shop, before));
  const dns = await ledger.take({ step: "dns" }, [container], () => checkName(spec.host, platform, waiting));
  const reached: ProofStep[] = [dns];
  if (url.protocol === "https:")
    reached.push(
      await ledger.take({ step: "tls" }, reached, () => checkCertificate(url, platform.ingress.address)),
    );
  const ready = await ledger.take({ step: "shop" }, reached, () =>
    checkReady(visitor, url, shop.id, waiting),
  );
  let goods: readonly Goods[] = [];
  const enabled = spec.channels.filter((channel) => channel.enabled);
  const listed = await ledger.take({ step: "goods" }, [ready], async (): Promise<Seen> => {
    goods = await readGoods(visitor, url, spec);
    if (enabled.length === 0)
      throw new Failed("no channel is on, so nobody can pay", "Add one to the file, and update the group.");
    return {
      what: `${goods.length} articles of ${[...new Set(goods.map(({ module }) => module))].join(", ")}`,
    };
  });
  const buying = {
    visitor,
    home: url,
    goods,
    enabled: enabled.map(({ id }) => id),
    sandboxGateway: platform.sandboxGateway,
    ...waiting,
  };
  for (const channel of enabled) {
    const of = { channel: channel.id };
    const notify = await ledger.take({ step: "notify", ...of }, [ready], () => {
      const address = standing.notifyUrls.get(channel.id);
      if (address === undefined)
        throw new Failed(
          "the stack does not know this channel",
          "The file is newer than what runs: update the group.",
        );
      return probeNotify(visitor, new URL(address), channel.kind, descriptorOf(channel).health);
    });
    await ledger.take({ step: "purchase", ...of }, [listed, notify], () => purchase(buying, channel));
  }
  const after = await liveContainers();
  await ledger.take({ step: "container" }, [container], () => checkContainer(shop, after));

  const { steps } = ledger;
  return {
    version: 1,
    platform: platform.name,
    group: spec.group,
    id: spec.id,
    host: spec.host,
    url: standing.url,
    when: `${began.toISOString().slice(0, 19)}Z`,
    milliseconds: Date.now() - began.getTime(),
    by: { substation: version, node: process.version },
    subject: subjectOf(spec.file, root, shop),
    result: steps.every(({ outcome }) => outcome === "ok" || outcome === "stopped-before-payment")
      ? "proved"
      : "failed",
    steps,
  };
}

/** Before all else and after: what was proved is one container, and the one that the stack has. */
function checkContainer({ name, id }: StandingShop, containers: readonly LiveContainer[]): Seen {
  const found = containers.find(({ Id }) => Id === id);
  if (!found)
    throw new Failed(
      `container ${name} is gone`,
      "Something removed it: update the group, which makes it anew.",
    );
  if (found.State !== "running" || healthOf(found) === "unhealthy")
    throw new Failed(`container ${name} is ${found.Status}`, `See its log: docker logs ${name}`);
  return { what: `${name} is ${found.Status}` };
}

function subjectOf(file: string, root: string, { name, id, image }: StandingShop): Subject {
  return {
    container: name,
    containerId: id,
    image,
    file: relative(root, resolve(file)),
    blob: gitBlob(readFileSync(file)),
  };
}
