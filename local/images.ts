import * as fs from "node:fs";
import * as path from "node:path";
import { cacheFolder } from "./cache";
import { type Docker, DockerError } from "../inventory/docker-api";
import { errorText, readIfPresent, writeFileAtomic } from "./files";
import { type Home } from "./home";
import { ingressRecipe, socketProxyRecipe, storefrontRecipe, type Recipe } from "./image-recipes";
import { type Progress } from "./progress";
import { tarStream } from "./tar";

/** Names of the images that a platform is made from: what an operator would pull, wherever they come from here. */
export interface ImageNames {
  readonly storefrontImage: string;
  readonly ingressImage: string;
  readonly socketProxyImage: string;
}

export const imageNames: ImageNames = {
  storefrontImage: "ghcr.io/substation/storefront:0.1.0",
  ingressImage: "docker.io/library/traefik:v3.6.12",
  socketProxyImage: "docker.io/wollomatic/socket-proxy:1.12.0",
};

/** Label of an image that was built on the spot: its recipe's key. */
export const recipeLabel = "substation.recipe";

/** How long a registry may take to say anything at all, and how long a pull may then stand still, in milliseconds. */
const usualPatience = { first: 10_000, next: 60_000 };
const day = 86_400_000;

/**
 * Brings the images onto the engine. The ingress and the socket proxy: as they are, else pulled, else built on the spot. The storefront is
 * always built from this checkout, so that a change of its source is what runs. What was built on the spot is built again when what it is
 * made from has changed; images of another origin are never touched.
 */
export async function ensureImages(docker: Docker, home: Home, progress: Progress): Promise<ImageNames> {
  const { storefrontImage, ingressImage, socketProxyImage } = imageNames;
  const ensure = async (name: string, recipe: Recipe, mayPull: boolean) => {
    const present = await docker.image(name);
    const label = present?.Config.Labels?.[recipeLabel];
    if (present && (label === recipe.key || (label === undefined && mayPull))) return;
    if (!mayPull || !(await pull(docker, name, progress))) await build(docker, name, recipe, progress);
  };
  await ensure(ingressImage, ingressRecipe(progress), true);
  await ensure(socketProxyImage, socketProxyRecipe(progress), true);
  await ensure(storefrontImage, await storefrontRecipe(home, progress), false);
  return imageNames;
}

async function build(docker: Docker, name: string, recipe: Recipe, progress: Progress): Promise<void> {
  const { dockerfile, files } = await recipe.contents();
  await progress.step(`Building image ${name}`, async (note) => {
    const context = tarStream([{ name: "Dockerfile", mode: 0o644, content: dockerfile }, ...files]);
    await docker.build(name, context, { [recipeLabel]: recipe.key }, (line) =>
      note(line.stream?.trim() ?? ""),
    );
  });
}

/** Returns false where the registry cannot be reached; for a day it is then not asked again. */
export async function pull(
  docker: Docker,
  name: string,
  progress: Progress,
  patience = usualPatience,
): Promise<boolean> {
  const registry = name.slice(0, name.indexOf("/"));
  const memory = path.join(cacheFolder(), `unreachable-${registry}`);
  if (Date.now() - Number(readIfPresent(memory) ?? 0) < day) return false;
  const stop = new AbortController();
  try {
    await progress.step(`Pulling image ${name}`, async (note) => {
      let timer = setTimeout(() => stop.abort(), patience.first);
      try {
        await docker.pull(name, stop.signal, (line) => {
          clearTimeout(timer);
          timer = setTimeout(() => stop.abort(), patience.next);
          note([line.id, line.status].filter(Boolean).join(" "));
        });
      } finally {
        clearTimeout(timer);
      }
    });
    return true;
  } catch (error) {
    const stoodStill = stop.signal.aborted;
    if (!stoodStill && !(error instanceof DockerError)) throw error;
    progress.info(
      `${registry} cannot be pulled from (${stoodStill ? "no answer in time" : errorText(error)}): building on the spot`,
    );
    fs.mkdirSync(path.dirname(memory), { recursive: true });
    writeFileAtomic(memory, String(Date.now()));
    return false;
  }
}
