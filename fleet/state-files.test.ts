import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { list, stateFiles, stateFolders } from "./state-files";

const demo = { project: "substation", stack: "demo" };
let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "substation-state-"))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

test("the address of a backend may have options and a home folder", () => {
  expect(stateFolders("file:///srv/state?metadata=skip", demo)?.locks).toBe(
    "/srv/state/.pulumi/locks/organization/substation/demo",
  );
  expect(stateFolders("file://~/state", demo)?.stacks).not.toContain("~");
  expect(stateFolders("s3://bucket", demo)).toBeUndefined();
});

test("of a killed write the cut-off attributes and the temporary file go, and nothing else", async () => {
  const folders = stateFolders(`file://${root}`, demo)!;
  const write = (folder: string, name: string, content: string) => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), content);
  };
  write(folders.stacks, "demo.json", "{}");
  write(folders.stacks, "demo.json.attrs", "");
  write(folders.stacks, "demo.json.bak", "{}");
  write(folders.stacks, "demo.json.bak.attrs", '{"user.content_type":"text/plain"}');
  write(folders.stacks, "vip.json.attrs", "");
  write(folders.locks, "1.json.187.tmp", '{"pid":');
  const old = new Date(Date.now() - 60_000);
  utimesSync(join(folders.locks, "1.json.187.tmp"), old, old);

  expect((await stateFiles(`file://${root}`, demo)!.removeTorn()).map((file) => basename(file))).toEqual([
    "demo.json.attrs",
    "1.json.187.tmp",
  ]);
  expect(list(folders.stacks)).toEqual([
    "demo.json",
    "demo.json.bak",
    "demo.json.bak.attrs",
    "vip.json.attrs",
  ]);
  expect(list(folders.locks)).toEqual([]);
  expect(await stateFiles(`file://${root}/none`, demo)!.removeTorn()).toEqual([]);
});
