import { Lab } from "./lab";
jest.setTimeout(240_000);
let lab: Lab;
beforeAll(async () => { const t = Date.now(); lab = await Lab.open({ prefix: "open" }); console.log("lab", Date.now() - t); });
afterAll(() => lab.close());
test("smoke", async () => {
  lab.write("shops", "mengxiang");
  await lab.ensureStack("shops");
  const t = Date.now();
  console.log(await lab.up("shops"), Date.now() - t);
  expect((await lab.get("mengxiang.substation.test")).status).toBe(200);
});
