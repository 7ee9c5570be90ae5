import { join } from "node:path";
import { build } from "esbuild";

/**
 * Flags of the node that runs the bundle, for the image's entry point. With one thread the collector keeps some 2 MB less after a
 * burst of requests; a shop has nothing to gain from `eval`. Limits of the heap (`--max-old-space-size`, `--max-semi-space-size`,
 * `--lite-mode`) were measured to save next to nothing while the shop rests, and node already fits its heap to the container's
 * memory, which is the tier's.
 */
export const nodeFlags: readonly string[] = [
  "--single-threaded-gc",
  "--disallow-code-generation-from-strings",
];

/** Writes the storefront as one minified CommonJS file that needs nothing but Node 22.12 or later. */
export async function bundleStorefront(outFile: string): Promise<void> {
  await build({
    entryPoints: [join(__dirname, "main.ts")],
    outfile: outFile,
    bundle: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    minify: true,
    legalComments: "none",
    external: ["pg-native"], // an optional C binding that pg asks for only when it is used
    logLevel: "silent", // failures are thrown
  });
}
