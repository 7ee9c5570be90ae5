import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { link, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import type { Progress } from "../../local/progress";
import { cacheFolder } from "../../local/cache";
import { buildProgram, programKey } from "./build";

/** What a Pulumi home needs to hold: names of provider plugins and the versions that the program asks for. */
export type Plugins = Readonly<Record<string, string>>;

/**
 * Builds the engine and its plugins where they are not built yet, lays them out as Pulumi expects them, and returns
 * the home: `bin/pulumi`, `bin/pulumi-language-nodejs`, `plugins/resource-<name>-v<version>/pulumi-resource-<name>`.
 * All are hard links into the cache; the plugins are one binary that looks at its own name.
 */
export async function assembleEngine(plugins: Plugins, progress: Progress): Promise<string> {
  const parts = ["pulumi", "langhost", "providers"] as const;
  const key = createHash("sha256")
    .update(JSON.stringify([parts.map(programKey), plugins]))
    .digest("hex")
    .slice(0, 16);
  const home = join(cacheFolder(), "engine", `home-${key}`);
  if (existsSync(home)) return home;

  // One after the other: each build keeps all cores busy.
  const pulumi = await buildProgram("pulumi", progress);
  const langhost = await buildProgram("langhost", progress);
  const providers = await buildProgram("providers", progress);

  const temporary = `${home}.${process.pid}`;
  await rm(temporary, { recursive: true, force: true });
  const bin = join(temporary, "bin");
  await mkdir(bin, { recursive: true });
  await link(pulumi, join(bin, "pulumi"));
  await link(langhost, join(bin, "pulumi-language-nodejs"));
  for (const [name, version] of Object.entries(plugins)) {
    const folder = join(temporary, "plugins", `resource-${name}-v${version}`);
    await mkdir(folder, { recursive: true });
    await link(providers, join(folder, `pulumi-resource-${name}`));
  }
  await rename(temporary, home).catch(async (error: NodeJS.ErrnoException) => {
    await rm(temporary, { recursive: true, force: true }); // another set-up was quicker
    if (!existsSync(home)) throw error;
  });
  return home;
}
