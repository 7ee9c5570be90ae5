import { provisioner } from "../../local/postgres-config";
import { substationsPerGroup } from "../../config/ids";
import { Lab } from "../e2e/lab";
import { asSuperuser } from "../e2e/observe";
import { failures, open } from "../e2e/poisons";

/**
 * A group that is full is changed as a whole, as by a new image for all, with no more connections for its engine than a plan counts (docs/capacity.md): what stands is read before,
 * and of a hundred and seventy-five roles, databases and rights each may take one.
 */
jest.setTimeout(1_200_000);

const group = "full";
const ids = Array.from({ length: substationsPerGroup }, (_, at) => `shop-${at + 1}`);
let lab: Lab;

beforeAll(async () => {
  lab = await Lab.open({ prefix: "fgr" });
  await lab.ensureStack(group);
  for (const id of ids) lab.write(group, id);
  await asSuperuser(lab, (client) => client.query(`ALTER ROLE ${provisioner} CONNECTION LIMIT 18`));
});
afterAll(() => lab?.close());

test("all of a full group are opened, then changed at once, and then left alone", async () => {
  const first = await open(lab, "--all", "--no-prove");
  expect(failures(first.report)).toEqual({});
  expect(first.report.counts).toMatchObject({ open: ids.length });

  for (const id of ids) lab.write(group, id, { title: "换了招牌" });
  const changed = await open(lab, "--all", "--no-prove", "--max-touched", "100%");
  expect(failures(changed.report)).toEqual({});
  expect(changed.report.counts).toMatchObject({ open: ids.length });

  const again = await open(lab, "--all", "--no-prove");
  expect(again.report.counts).toMatchObject({ unchanged: ids.length });
});
