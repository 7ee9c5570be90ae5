import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { rootCertificates } from "node:tls";
import { bundleStorefront, nodeFlags } from "../storefront/build";
import { buildProgram, programKey } from "../test/engine/build";
import { aptInstall, hasApt } from "./apt";
import { UserError } from "../config/error";
import { type Home } from "./home";
import { type Progress } from "./progress";
import { type TarEntry } from "./tar";

/** What an image is built from. */
export interface Recipe {
  /** A hash of all that goes into it, known before it is made: an image with the same key need not be built again. */
  readonly key: string;
  readonly contents: () => Promise<ImageContents>;
}

/** A Dockerfile that begins with nothing, and the files that it copies. */
export interface ImageContents {
  readonly dockerfile: string;
  readonly files: readonly TarEntry[];
}

const root = path.dirname(__dirname);

/** The ingress: one static binary, and the certificate authorities that it may have to trust. */
export const ingressRecipe = (progress: Progress): Recipe =>
  programRecipe(
    "traefik",
    "usr/local/bin/traefik",
    ["EXPOSE 80", `ENTRYPOINT ["/usr/local/bin/traefik"]`],
    progress,
  );

/** The socket proxy: one static binary, which is its own health check under another name. */
export const socketProxyRecipe = (progress: Progress): Recipe =>
  programRecipe(
    "socketproxy",
    "socket-proxy",
    ["USER 65534:65534", "EXPOSE 2375", `ENTRYPOINT ["/socket-proxy"]`],
    progress,
  );

/** An image of one program that is built from Go modules, which takes minutes where it was not built before: so its sources are the key. */
function programRecipe(
  name: "traefik" | "socketproxy",
  place: string,
  lines: readonly string[],
  progress: Progress,
): Recipe {
  const text = dockerfile(["base"], lines);
  const authorities = {
    name: "base/etc/ssl/certs/ca-certificates.crt",
    mode: 0o644,
    content: `${rootCertificates.join("\n")}\n`,
  };
  return {
    key: hashOf(text, place, authorities.content, programKey(name)),
    contents: async () => ({
      dockerfile: text,
      files: [
        { name: `base/${place}`, mode: 0o755, content: { file: await buildProgram(name, progress) } },
        authorities,
      ],
    }),
  };
}

/**
 * The storefront: this very node with the libraries that it loads, busybox for the health check, and the bundled shop. What rarely changes is a
 * layer of its own, so that a change of the shop rebuilds a small one.
 */
export async function storefrontRecipe(home: Home, progress: Progress): Promise<Recipe> {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), "substation-storefront-"));
  try {
    const bundle = path.join(work, "storefront.cjs");
    await bundleStorefront(bundle);
    const busybox = await findBusybox(home, progress);
    const libraries = new Set([...librariesOf(process.execPath), ...librariesOf(busybox)]);
    const entryPoint = ["/usr/local/bin/node", ...nodeFlags, "/app/storefront.cjs"];
    const contents = {
      dockerfile: dockerfile(
        ["base", "app"],
        [
          "USER 65532:65532",
          "EXPOSE 8080 9090",
          "STOPSIGNAL SIGTERM",
          `HEALTHCHECK --interval=1s --timeout=40s --start-period=60s --retries=3 CMD ["/healthcheck"]`,
          `ENTRYPOINT ${JSON.stringify(entryPoint)}`,
        ],
      ),
      files: [
        { name: "base/tmp/", mode: 0o1777 },
        { name: "base/run/secrets/", mode: 0o755 },
        { name: "base/etc/passwd", mode: 0o644, content: "nobody:x:65534:65534:nobody:/:/sbin/nologin\n" },
        { name: "base/etc/nsswitch.conf", mode: 0o644, content: "hosts: files dns\n" },
        { name: "base/bin/busybox", mode: 0o755, content: { file: busybox } },
        { name: "base/usr/local/bin/node", mode: 0o755, content: { file: process.execPath } },
        ...[...libraries].sort().map((file) => ({ name: `base${file}`, mode: 0o755, content: { file } })),
        {
          name: "app/healthcheck",
          mode: 0o755,
          content: fs.readFileSync(path.join(root, "storefront/healthcheck")),
        },
        { name: "app/app/storefront.cjs", mode: 0o644, content: fs.readFileSync(bundle) },
      ],
    };
    return { key: await contentHash(contents), contents: () => Promise.resolve(contents) };
  } finally {
    fs.rmSync(work, { recursive: true });
  }
}

/** A large file counts by its size and date: reading node would take longer than all the rest. */
async function contentHash({ dockerfile, files }: ImageContents): Promise<string> {
  const parts: (string | Buffer)[] = [dockerfile];
  for (const { name, mode, content } of files) {
    parts.push(`${name} ${mode}`);
    if (content === undefined) continue;
    if (typeof content === "string" || Buffer.isBuffer(content)) parts.push(content);
    else {
      const { size, mtimeMs } = fs.statSync(content.file);
      parts.push(size > 16e6 ? `${size} ${mtimeMs}` : await fs.promises.readFile(content.file));
    }
  }
  return hashOf(...parts);
}

function hashOf(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${Buffer.byteLength(part)} `).update(part);
  return hash.digest("hex").slice(0, 32);
}

/** One layer for each of the context's folders. */
const dockerfile = (layers: readonly string[], rest: readonly string[]): string =>
  [
    "FROM scratch",
    "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ...layers.map((layer) => `COPY ${layer}/ /`),
    ...rest,
    "",
  ].join("\n");

/** The shared libraries that a program loads, and its loader, as absolute paths; none for a static one. */
function librariesOf(program: string): string[] {
  const result = spawnSync("ldd", [program], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], LANG: "C" },
  });
  if (result.error)
    throw new UserError(
      `The program ldd, which says what ${program} needs, cannot be run: ${result.error.message}`,
    );
  const said = `${result.stdout}${result.stderr}`;
  if (/not a dynamic executable|statically linked/i.test(said)) return [];
  if (result.status !== 0 || said.includes("not found"))
    throw new UserError(`ldd cannot say what ${program} needs: ${said.trim()}`);
  return parseLibraries(said);
}

/** Lines such as "libm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x7f…)" and "/lib64/ld-linux-x86-64.so.2 (0x7f…)". */
export const parseLibraries = (said: string): string[] =>
  [...said.matchAll(/^\s*(?:\S+ => )?(\/\S+) \(0x/gm)].map(([, file]) => file!);

async function findBusybox(home: Home, progress: Progress): Promise<string> {
  const find = () =>
    ["/bin/busybox", "/usr/bin/busybox", "/sbin/busybox", "/usr/local/bin/busybox"].find((file) =>
      fs.existsSync(file),
    );
  if (!find() && hasApt()) await aptInstall(["busybox-static"], home, progress);
  const found = find();
  if (!found)
    throw new UserError(
      "The storefront's image needs busybox for its health check. Install it (on Debian: apt-get install busybox-static) and try again.",
    );
  return found;
}
