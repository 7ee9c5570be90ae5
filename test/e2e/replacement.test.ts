import { setTimeout as sleep } from "node:timers/promises";
import { mark } from "../../config/names";
import type { Platform } from "../../config/platform";
import { pulumiOk } from "../../fleet/pulumi";
import { buildImage, command, inspect, Lab } from "./lab";
import { Visitors } from "./visitors";

/**
 * What visitors notice of a change that replaces the shop's container: nothing. Requests come all the time, on connections that stay open and on new ones, and each must
 * be answered in time. It does not prove anything of requests that take longer than the shop's drain, of which the reference shop has none.
 */
jest.setTimeout(300_000);

const group = "shops";
const id = "mengxiang";
const host = `${id}.substation.test`;

let lab: Lab;
let platform: Platform;
let variant: string;
let broken: string;

beforeAll(async () => {
  lab = await Lab.open({ prefix: "swap" });
  platform = await lab.platform();
  variant = await build("variant", "");
  // Its database is migrated, and then its probe is no program.
  broken = await build("broken", `COPY --from=${platform.storefrontImage} /etc/passwd /healthcheck`);
  await lab.ensureStack(group);
  lab.write(group, id);
  await lab.up(group);
});

afterAll(async () => {
  await lab?.close();
  // The image below it stays, tagged or not: other platforms on this engine may stand on it.
  for (const image of [variant, broken].filter(Boolean))
    await command("docker", ["rmi", "--force", "--no-prune", image]);
});

/** The platform's storefront with something more, under a tag of its own. */
async function build(what: string, line: string): Promise<string> {
  const dockerfile = `FROM ${platform.storefrontImage}\nLABEL substation.test.${what}=${lab.name}\n${line}\n`;
  return await buildImage(["--tag", `substation-test:${lab.name}-${what}`, "-"], dockerfile);
}

test("a new image reaches visitors without one failed request", async () => {
  await replaced("a new image", () => lab.write(group, id, { image: variant }));
  expect((await shop()).Image).toBe(variant);
});

test("so does a change of tier, which makes a new container", async () => {
  await replaced("a change of tier", () => lab.write(group, id, { image: variant, tier: "professional" }));
  expect((await shop()).HostConfig.Memory).toBe(256 * 1024 * 1024);
});

test("a container that never gets healthy leaves visitors with the one that they have, and the way back is open", async () => {
  const before = await shop();
  const visitors = new Visitors(lab, host);
  lab.write(group, id, { image: broken, tier: "professional" });
  await expect(lab.up(group)).rejects.toThrow(/health/);
  await sleep(1000);
  lab.write(group, id, { image: variant, tier: "professional" });
  await lab.up(group);
  const answers = await visitors.leave();

  expect(answers.filter(({ failure }) => failure !== undefined)).toEqual([]);
  expect(answers.length).toBeGreaterThan(100);
  expect(await shop()).toMatchObject({ Name: before.Name, Image: variant });
  const preview = ["preview", "-s", group, "--refresh", "--expect-no-changes"];
  await pulumiOk(lab.workspace, preview); // fails where there is anything to do
});

async function replaced(what: string, change: () => void): Promise<void> {
  const before = await shop();
  const visitors = new Visitors(lab, host);
  await sleep(1000);
  change();
  await lab.up(group);
  await sleep(1000);
  const answers = await visitors.leave();

  const after = await shop();
  const failed = answers.filter(({ failure }) => failure !== undefined);
  const slowest = Math.max(...answers.map(({ milliseconds }) => milliseconds));
  process.stderr.write(
    `${what}: ${answers.length} requests, ${failed.length} failed, the slowest took ${Math.round(slowest)} ms\n`,
  );
  expect(failed).toEqual([]);
  expect(answers.length).toBeGreaterThan(100); // or nothing was tried
  expect(after.Id).not.toBe(before.Id);
  const instances = [...new Set(answers.map(({ instance }) => instance))];
  expect(instances).toEqual([before.Id.slice(0, 12), after.Id.slice(0, 12)]);
  expect(answers.at(-1)?.instance).toBe(after.Id.slice(0, 12));
}

const shop = async () => {
  const found = await inspect(mark({ platform: platform.name, group, id }), "shop");
  expect(found).toHaveLength(1);
  return found[0]!;
};
