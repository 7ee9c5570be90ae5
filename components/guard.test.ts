import * as docker from "@pulumi/docker";
import * as postgresql from "@pulumi/postgresql";
import * as pulumi from "@pulumi/pulumi";
import { appRole, databaseName } from "../config/names";
import { guard } from "./guard";
import { ownerLabels, scopeLabel } from "./labels";
import { register } from "./testing/mocks";
import { limits, platform, scopes } from "./testing/sample";

// The guard says no before the engine hears of a part. That what the component itself makes passes, policies/components.test.ts holds; what each rule finds, its own test.

const owner = { platform: "local", group: "demo", id: "mengxiang" };
class Guarded extends pulumi.ComponentResource {
  constructor() {
    const transformations = [
      guard({
        owner,
        tier: "trial",
        scopes,
        host: "mengxiang.substation.test",
        limits,
        channels: [],
        platform,
      }),
    ];
    super("substation:index:Substation", owner.id, {}, { transformations });
  }
}

/** What stands in the way of a part, and what the engine heard of it. */
async function refused(part: (parent: Guarded) => unknown): Promise<{ said: string; heard: string[] }> {
  let said = "";
  const heard = await register(
    () => {
      const parent = new Guarded();
      try {
        part(parent);
      } catch (error) {
        if (!(error instanceof pulumi.RunError)) throw error;
        said = error.message;
      }
    },
    ({ name, inputs }) => ({ id: `${name}-id`, state: inputs as Record<string, unknown> }),
  );
  return { said, heard: heard.map(({ name }) => name) };
}

const name = databaseName("local", "mengxiang");

test.each<[string, (parent: Guarded) => unknown, string]>([
  [
    "a superuser",
    (parent) =>
      new postgresql.Role("twin", { name: appRole(name), login: true, superuser: true }, { parent }),
    "role-attributes",
  ],
  [
    "a right of everybody's",
    (parent) =>
      new postgresql.Grant(
        "public",
        { database: name, objectType: "database", role: "public", privileges: ["CONNECT"] },
        { parent },
      ),
    "grant-public-database",
  ],
  [
    "a container with rights over the host",
    (parent) => new docker.Container("shop", { image: "x", privileged: true }, { parent }),
    "container-privileged",
  ],
  [
    "a token with more than the tier's scopes",
    (parent) =>
      new docker.Container(
        "shop",
        {
          image: "x",
          labels: [...ownerLabels(owner, "shop"), scopeLabel([...scopes, "balance:read"])],
        },
        { parent },
      ),
    "container-scopes",
  ],
  [
    "a limit that is not known yet",
    (parent) =>
      new docker.Container("shop", { image: "x", memory: pulumi.output(Promise.resolve(1)) }, { parent }),
    "container-known",
  ],
  [
    "what no rule can judge",
    (parent) => new docker.Secret("secret", { name: "s", data: "eA==" }, { parent }),
    "resource-type",
  ],
])("%s is refused before the engine hears of it", async (_what, part, rule) => {
  const { said, heard } = await refused(part);
  expect(said).toMatch(/^Substation demo\/mengxiang may not have the \w+ \w+:\n/);
  expect(said).toContain(`\n  ${rule} (`);
  expect(heard).toEqual(["mengxiang"]);
});

test("a part that keeps to the rules passes", async () => {
  const { said, heard } = await refused(
    (parent) =>
      new postgresql.Grant(
        "connect",
        { database: name, objectType: "database", role: name, privileges: ["CONNECT"] },
        { parent },
      ),
  );
  expect({ said, heard }).toEqual({ said: "", heard: ["mengxiang", "connect"] });
});
