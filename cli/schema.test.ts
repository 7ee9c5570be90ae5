import fs, { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { schemaCommand } from "./schema";

const work = mkdtempSync(join(tmpdir(), "substation-schema-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

test("a page that cannot be written is told with the option that names it", async () => {
  const page = join(work, "page.md");
  writeFileSync(page, "<!-- keys: written by `substation schema --reference` -->\n<!-- end of keys -->\n");
  const write = fs.writeFileSync;
  const locked = jest.spyOn(fs, "writeFileSync").mockImplementation((path, ...rest) => {
    if (path === page) throw Object.assign(new Error("read-only"), { code: "EROFS" });
    write(path, ...rest);
  });
  const said = jest.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    const running = schemaCommand().parseAsync(["--out", work, "--reference", page], { from: "user" });
    await expect(running).rejects.toThrow(
      `Cannot write ${page} (EROFS): name another page with --reference.`,
    );
  } finally {
    locked.mockRestore();
    said.mockRestore();
  }
});
