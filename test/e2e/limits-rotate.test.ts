import * as fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { limitNew, renewProcessLimits } from "../../components/process-limit";
import { appRole, databaseName, labels, mark, migrateRole, volumeName } from "../../config/names";
import { rotate, type Rotation } from "../../fleet/rotate";
import { Docker } from "../../inventory/docker-api";
import { until } from "../../local/process";
import { command, inspect, Lab, shopFile } from "./lab";
import { LeakSearch } from "./leaks";
import { Visitors } from "./visitors";

/**
 * The limit of processes, tried with a fork bomb, and the rotation of secrets, tried with the old ones. It does not prove that a shop uses its new session key, token or
 * callback key: the reference shop uses none of them yet.
 */
jest.setTimeout(300_000);

const group = "shops";
const processes = 32; // of the tier "trial"
const docker = new Docker();
let lab: Lab;
let database: string;

beforeAll(async () => {
  lab = await Lab.open({ prefix: "rot" });
  for (const id of ["jia", "yi"]) lab.write(group, id);
  await lab.ensureStack(group);
  await lab.up(group);
  database = databaseName(lab.name, "jia");
});

afterAll(() => lab?.close());

async function container(id: string, role: "shop" | "migrate" = "shop") {
  const found = await inspect(mark({ platform: lab.name, group, id }), role);
  expect(found).toHaveLength(1);
  return found[0]!;
}

/**
 * For four seconds, another process whenever there is room, 400 at most; each leaves two more behind, without a parent. All end by themselves 2 s later. A container
 * without a limit would hold some hundred.
 */
const bomb = `
const { spawn } = require("node:child_process");
let started = 0, refused = 0, waiting = 0;
const end = Date.now() + 4000;
const light = () => {
  if (Date.now() > end || started === 400) return void (waiting === 0 ? console.log(JSON.stringify({ started, refused })) : setTimeout(light, 50));
  const child = spawn("/bin/busybox", ["sh", "-c", "/bin/busybox sleep 2 & /bin/busybox sleep 2 &"], { stdio: "ignore" });
  child.on("spawn", () => { started++; waiting++; });
  child.on("error", () => refused++);
  child.on("exit", () => waiting--);
  setTimeout(light, 5);
};
light();
`;

describe("limit of processes", () => {
  interface Stats {
    /** As the engine reads them from the cgroup. */
    readonly pids_stats: { readonly current: number; readonly limit: number };
  }
  const pids = async (id: string) =>
    (await docker.get<Stats>(`/containers/${id}/stats`, { stream: false, "one-shot": true })).pids_stats;

  test("the cgroups hold exactly what is asked for, the platform's own too", async () => {
    for (const id of ["jia", "yi"]) {
      const { Id } = await container(id);
      const file = "cat /sys/fs/cgroup/pids/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids.max";
      expect(await command("docker", ["exec", Id, "/bin/busybox", "sh", "-c", file])).toBe(`${processes}\n`);
      expect((await pids(Id)).limit).toBe(processes);
    }
    const platform = ["ingress", "docker-proxy"].map((role) => pids(`${lab.name}-${role}`));
    expect((await Promise.all(platform)).map(({ limit }) => limit)).toEqual([512, 128]);
  });

  test("an update sets one that somebody lifted, and a change of memory, which the engine makes in place, leaves it", async () => {
    const { Id } = await container("yi");
    await command("docker", ["update", "--pids-limit", "-1", Id]);
    expect((await pids(Id)).limit).not.toBe(processes);
    fs.appendFileSync(lab.file(group, "yi"), "resources: { memory: 96 MB }\n");
    await lab.up(group);
    const after = await container("yi");
    expect([after.Id, after.HostConfig.Memory]).toEqual([Id, 96 * 1024 * 1024]);
    expect((await pids(Id)).limit).toBe(processes);
  });

  test("one that does not run while it is set has it when it is started", async () => {
    const { Id } = await container("yi");
    await command("docker", ["update", "--pids-limit", "-1", Id]);
    await command("docker", ["kill", Id]);
    await renewProcessLimits(lab.name, group);
    await command("docker", ["start", Id]);
    expect((await pids(Id)).limit).toBe(processes);
    expect(await until(async () => (await lab.get("yi.substation.test")).status === 200, 30_000)).toBe(true);
  });

  test("a container that the engine does not limit is removed, with a word why", async () => {
    const { storefrontImage } = await lab.platform();
    const label = `${labels.platform}=${lab.name}`;
    const id = (
      await command("docker", ["create", "--label", label, "--network", "none", storefrontImage])
    ).trim();
    await expect(limitNew("stray", id, -5)).rejects.toThrow(
      /^No limit of -5 processes could be set for container stray, which was removed again: the engine says that it is \S+\. /,
    );
    await expect(command("docker", ["inspect", id])).rejects.toThrow("No such object");
  });

  test("a fork bomb ends there; its shop answers afterwards, and the neighbour all the time", async () => {
    const { Id } = await container("jia");
    const neighbour = new Visitors(lab, "yi.substation.test");
    const seen: number[] = [];
    let burning = true;
    const bombed = command("docker", ["exec", "--interactive", Id, "/usr/local/bin/node", "-"], {
      input: bomb,
    })
      .then((out) => JSON.parse(out) as { started: number; refused: number })
      .finally(() => (burning = false));
    bombed.catch(() => undefined); // it is awaited below
    // Without somebody who buries them, the dead would fill the limit for ever.
    const end = Date.now() + 20_000;
    for (let now = processes; (burning || now > processes / 2) && Date.now() < end; await sleep(50))
      seen.push((now = (await pids(Id)).current));
    const answers = await neighbour.leave();
    const { started, refused } = await bombed;

    const most = Math.max(...seen);
    const failed = answers.filter(({ failure }) => failure !== undefined);
    process.stderr.write(
      `fork bomb: ${started} started, ${refused} refused; at most ${most} processes of ${processes}, ${seen.at(-1)} at the end; ` +
        `neighbour: ${answers.length} requests, ${failed.length} failed\n`,
    );
    expect(refused).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(processes);
    expect(most).toBeGreaterThan(processes - 3); // or it was none
    expect(seen.at(-1)).toBeLessThanOrEqual(processes / 2);
    expect(failed).toEqual([]);
    expect(answers.length).toBeGreaterThan(100);
    expect((await container("jia")).State).toMatchObject({ Running: true, Health: { Status: "healthy" } });
    expect((await lab.get("jia.substation.test")).status).toBe(200);
  });
});

describe("rotation", () => {
  const host = "jia.substation.test";
  const login = (role: (name: string) => string, password: string) => ({
    database,
    user: role(database),
    password,
  });
  const rows = (password: string) =>
    lab.sql(login(appRole, password), async (client) => {
      const { rows } = await client.query<{ body: string }>("SELECT body FROM shop.notice ORDER BY id");
      return rows.map(({ body }) => body);
    });
  const refused = (role: (name: string) => string, password: string) =>
    lab.sql(login(role, password), () => Promise.resolve("connected")).catch((e: { code: string }) => e.code);

  /** All five that Substation makes, by name; those of the channels are the operator's. */
  async function secrets(): Promise<Map<string, string>> {
    const { database, secrets } = await shopFile(await container("jia"));
    const { stdout } = await lab.pulumiUnrecorded(["stack", "export", "--show-secrets", "-s", group]);
    const { deployment } = JSON.parse(stdout) as {
      deployment: { resources: { urn: string; inputs?: { password?: { plaintext: string } } }[] };
    };
    const role = deployment.resources.find(({ urn }) => urn.endsWith("Role::jia-migrate"));
    const migratePassword = JSON.parse(role!.inputs!.password!.plaintext) as string;
    const { sessionKey, mainStationToken, callbackSigningKey } = secrets; // and those of channels, which no rotation touches
    const derived = { sessionKey, mainStationToken, callbackSigningKey };
    return new Map(Object.entries({ migratePassword, appPassword: database.password, ...derived }));
  }

  /** Places that must not hold a secret, and those of its containers' files, which must hold the new ones alone. */
  async function places() {
    const shop = await container("jia");
    const migrate = await container("jia", "migrate");
    const exec = (...args: string[]) => command("docker", ["exec", shop.Id, "/bin/busybox", ...args]);
    const { stdout } = await lab.pulumi(["stack", "export", "-s", group]);
    expect(await exec("ls", "-A", "/run/secrets")).toBe("substation.json\n");
    return {
      never: [
        stdout,
        await command("docker", ["inspect", shop.Id, migrate.Id, volumeName(lab.name, "jia")]),
        lab.output.join("\n"),
        fs.readFileSync(lab.file(group, "jia"), "utf8"),
      ].join("\n"),
      files: [
        await exec("cat", "/run/secrets/substation.json"),
        await command("docker", ["cp", `${migrate.Id}:/run/secrets/substation.json`, "-"]),
        await command("docker", ["cp", `${migrate.Id}:/srv/shop-secrets/substation.json`, "-"]),
      ].join("\n"),
    };
  }

  test("a new password of the shop's role: the data stays, the old one and its open session end, visitors notice nothing", async () => {
    const before = await secrets();
    const old = before.get("appPassword")!;
    await lab.sql(login(appRole, old), (client) =>
      client.query("INSERT INTO shop.notice (body) SELECT 'row ' || n FROM generate_series(1, 100) n"),
    );
    const data = await rows(old);
    expect(data.length).toBeGreaterThanOrEqual(100);
    const { database: server } = await lab.platform();
    const stranger = new Client({
      ...login(appRole, old),
      host: server.host,
      port: server.port,
      ssl: { ca: server.ca },
    });
    const ended = new Promise<string | undefined>((resolve) =>
      stranger.on("error", (error: Error & { code?: string }) => resolve(error.code)),
    );
    await stranger.connect();
    const file = fs.readFileSync(lab.file(group, "jia"), "utf8");
    const { Id } = await container("jia");

    const visitors = new Visitors(lab, host);
    await sleep(1000);
    const done = await rotate(lab.workspace, "jia", "appPassword");
    await sleep(1000);
    const answers = await visitors.leave();

    const lost = answers.filter(({ failure }) => failure !== undefined);
    const slowest = Math.round(Math.max(...answers.map(({ milliseconds }) => milliseconds)));
    process.stderr.write(
      `rotation: ${answers.length} requests, ${lost.length} failed, the slowest took ${slowest} ms\n`,
    );
    expect(done).toEqual({
      file: expect.stringContaining("shops/jia.yaml") as string,
      secret: "appPassword",
      version: 2,
      raised: true,
      endedSessions: 1,
    } satisfies Rotation);
    expect(fs.readFileSync(lab.file(group, "jia"), "utf8")).toBe(
      `${file}\n# Raised by \`substation rotate\`: a higher number is a new secret.\nsecretVersions:\n  appPassword: 2\n`,
    );
    expect(await ended).toBe("57P01"); // terminated by an administrator's command
    expect(await refused(appRole, old)).toBe("28P01"); // invalid password
    const after = await secrets();
    expect([...after].filter(([name, value]) => before.get(name) !== value).map(([name]) => name)).toEqual([
      "appPassword",
    ]);
    expect(await rows(after.get("appPassword")!)).toEqual(data);
    expect((await container("jia")).Id).not.toBe(Id);
    expect((await lab.get(host)).status).toBe(200);
    expect(lost).toEqual([]);
    expect(answers.length).toBeGreaterThan(100);
  });

  test("all of them: an update that fails leaves the number in the file, and the next try finishes it without raising it again", async () => {
    const before = await secrets();
    const data = await rows(before.get("appPassword")!);
    const broken = { ...lab.workspace, env: { ...lab.workspace.env, DOCKER_HOST: "tcp://127.0.0.1:9" } };
    await expect(rotate(broken, "jia")).rejects.toThrow(
      /root of jia is not renewed yet: the update of shops was refused\. .*jia\.yaml keeps its new number, 2; mend the cause and run this again/,
    );
    expect(await secrets()).toEqual(before);
    expect(await rows(before.get("appPassword")!)).toEqual(data);

    const done = await rotate(lab.workspace, "jia");
    expect(done).toMatchObject({ secret: "root", version: 2, raised: false });
    const after = await secrets();
    expect([...after.keys()].sort()).toEqual([
      "appPassword",
      "callbackSigningKey",
      "mainStationToken",
      "migratePassword",
      "sessionKey",
    ]);
    for (const [name, value] of after)
      expect([name, [...before.values()].includes(value)]).toEqual([name, false]);
    expect(await refused(appRole, before.get("appPassword")!)).toBe("28P01");
    expect(await refused(migrateRole, before.get("migratePassword")!)).toBe("28P01");
    expect(await refused(migrateRole, after.get("migratePassword")!)).toBe("connected");
    expect(await rows(after.get("appPassword")!)).toEqual(data);
    expect((await lab.get(host)).status).toBe(200);

    const { never, files } = await places();
    const [gone, current] = [new LeakSearch(before), new LeakSearch(after)];
    expect([
      ...gone.in("anywhere", never),
      ...gone.in("files", files),
      ...current.in("anywhere", never),
    ]).toEqual([]);
    expect(current.in("files", files)).toHaveLength(5);
    const { code, stdout } = await lab.pulumi(["preview", "-s", group, "--expect-no-changes"]);
    expect([code, code === 0 ? "" : stdout]).toEqual([0, ""]);
  });

  test("a wrong id or secret is told, with the right ones, and changes nothing", async () => {
    const file = fs.readFileSync(lab.file(group, "jia"), "utf8");
    const { Id } = await container("jia");
    const failed = async (...args: string[]) => {
      const { code, stderr } = await lab.substation("rotate", ...args);
      return [code, stderr];
    };
    expect(await failed("jai")).toEqual([
      1,
      expect.stringMatching(
        /^substation: there is no substation "jai" in .*: did you mean "jia"\? Nothing was changed\.\n$/,
      ),
    ]);
    expect(await failed("jia", "apppassword")).toEqual([
      1,
      'substation: there is no secret "apppassword": they are root, migratePassword, appPassword, sessionKey, mainStationToken, callbackSigningKey, where root is all of them at once. Nothing was changed.\n',
    ]);
    expect(fs.readFileSync(lab.file(group, "jia"), "utf8")).toBe(file);
    expect((await container("jia")).Id).toBe(Id);
  });
});
