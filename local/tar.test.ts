import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { buffer } from "node:stream/consumers";
import { tarStream } from "./tar";

describe("tarStream", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "tar-"));
  afterAll(() => fs.rmSync(folder, { recursive: true }));

  test("is read by tar as it was written, whatever the sizes", async () => {
    const sizes = [0, 1, 511, 512, 513, 3_000_000];
    const big = path.join(folder, "big");
    fs.writeFileSync(big, Buffer.alloc(3_000_000, "x"));
    const archive = await buffer(
      tarStream([
        { name: "tmp/", mode: 0o1777 },
        ...sizes
          .slice(0, 5)
          .map((size) => ({ name: `f/${size}`, mode: 0o640, content: Buffer.alloc(size, "y") })),
        { name: "f/3000000", mode: 0o755, content: { file: big } },
        { name: "梦想.txt", mode: 0o644, content: "点卡" },
      ]),
    );
    expect(archive.length % 512).toBe(0);
    const extracted = spawnSync("tar", ["-xp", "-C", folder], { input: archive, encoding: "utf8" });
    expect([extracted.status, extracted.stderr]).toEqual([0, ""]);
    expect(sizes.map((size) => fs.statSync(path.join(folder, `f/${size}`)).size)).toEqual(sizes);
    expect(fs.readFileSync(path.join(folder, "f/3000000")).equals(fs.readFileSync(big))).toBe(true);
    expect(fs.readFileSync(path.join(folder, "梦想.txt"), "utf8")).toBe("点卡");
    expect(
      ["tmp", "f/1", "f/3000000"].map((name) =>
        (fs.statSync(path.join(folder, name)).mode & 0o7777).toString(8),
      ),
    ).toEqual(["1777", "640", "755"]);
  });

  test("gives the same bytes for the same entries, and refuses a name that does not fit", async () => {
    const entries = [{ name: "a", mode: 0o644, content: "b" }];
    expect((await buffer(tarStream(entries))).equals(await buffer(tarStream(entries)))).toBe(true);
    await expect(buffer(tarStream([{ name: "x".repeat(100), mode: 0o644, content: "" }]))).rejects.toThrow(
      "too long",
    );
  });
});
