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

const ingressImage = "docker.io/library/traefik:v3.6.12";
const socketProxyImage = "docker.io/wollomatic/socket-proxy:1.12.0";

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
  await ensureImage(docker, ingressImage, ingressRecipe(progress), true, progress);
  await ensureImage(docker, socketProxyImage, socketProxyRecipe(progress), true, progress);
  const storefrontImage = await ensureStorefront(docker, await storefrontRecipe(home, progress), progress);
  return { storefrontImage, ingressImage, socketProxyImage };
}

/**
 * Builds the storefront, if that was not done yet, under a name that no other build has: of two checkouts on one machine, or one before and
 * after a change, the later must not take the name from the earlier, whose platform would no longer find the image that it runs. Old builds
 * stay; all but the bundle, some hundred KB, is a layer that they share.
 * @returns the image's name
 */
export async function ensureStorefront(docker: Docker, recipe: Recipe, progress: Progress): Promise<string> {
  const name = `ghcr.io/substation/storefront:0.1.0-${recipe.key.slice(0, 12)}`;
  await ensureImage(docker, name, recipe, false, progress);
  return name;
}

async function ensureImage(
  docker: Docker,
  name: string,
  recipe: Recipe,
  mayPull: boolean,
  progress: Progress,
): Promise<void> {
  const present = await docker.image(name);
  const label = present?.Config.Labels?.[recipeLabel];
  if (present && (label === recipe.key || (label === undefined && mayPull))) return;
  if (!mayPull || !(await pull(docker, name, progress))) await build(docker, name, recipe, progress);
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
