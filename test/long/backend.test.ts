import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { driftReportSchema } from "../../config/drift-report";
import { Scene } from "../e2e/crash";
import { drifts, removeRecords } from "../e2e/drifts";
import { Lab } from "../e2e/lab";
import { serving } from "../e2e/observe";
import { stateDatabase } from "../e2e/state-database";

/** Drift with the state in a PostgreSQL database, mended; all else of that backend is in test/e2e/backend.test.ts. */
jest.setTimeout(300_000);

const group = "shops";
let lab: Lab;

beforeAll(async () => {
  const password = randomBytes(24).toString("base64url");
  lab = await Lab.open({ prefix: "pgd", backend: (home) => stateDatabase(home, password) });
  await Scene.of(lab, group, "jia", "bing");
  await lab.up(group);
});

afterAll(async () => {
  await lab?.close();
});

test("drift is found, and mended; a substation in no list is told of, and kept", async () => {
  fs.renameSync(lab.file(group, "bing"), path.join(lab.home, "bing.yaml"));
  await removeRecords(lab, "jia");
  const { code, stdout } = await lab.substation("drift", group, "--fix", "--json");
  const { fixes, findings, blind } = driftReportSchema.parse(JSON.parse(stdout));
  fs.renameSync(path.join(lab.home, "bing.yaml"), lab.file(group, "bing"));
  expect(blind).toEqual([]);
  expect(drifts(findings, (name) => name)).toEqual(["data-at-risk substation bing (state audit)"]);
  expect(fixes!.map(({ finding, mended }) => [finding.object.name, mended])).toEqual([
    ["jia.substation.test", true],
  ]);
  expect(code).toBe(1);
  await serving(lab, group, "bing");
});
