import * as fs from "node:fs";
import * as path from "node:path";
import { limited, mebibyte, temporary } from "../../components/confinement";
import { containerName, userId, volumeName } from "../../config/names";
import type { Platform } from "../../config/platform";
import type { Progress } from "../../local/progress";
import { buildProgram } from "../engine/build";
import {
  filesOf,
  ownerLabelsOf,
  shopLabels,
  type BareShop,
  type Labels,
  type Secrets,
  type Served,
} from "./bare";
import { command, said } from "./commands";

/**
 * The second baseline: Terraform makes what Docker has of a substation, by the very provider that Pulumi's Docker plugin is made from. Databases and records are made by
 * bare commands before and after: of these there is no provider of Terraform's at hand that makes the same.
 */

/** Resources at one time: its own default. */
export const parallelism = 10;

export interface Terraform {
  readonly version: string;
  /** Folder of the provider's binary. */
  readonly provider: string;
}

/** @returns why there is none, in words, where there is none */
export async function findTerraform(home: string, progress: Progress): Promise<Terraform | string> {
  let version: string;
  try {
    version = (JSON.parse(await said("terraform", ["version", "-json"])) as { terraform_version: string })
      .terraform_version;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "there is no `terraform` on PATH";
    throw error;
  }
  const provider = path.join(home, "terraform-provider");
  fs.mkdirSync(provider, { recursive: true });
  const binary = path.join(provider, "terraform-provider-docker");
  if (!fs.existsSync(binary)) fs.symlinkSync(await buildProgram("terraform-docker", progress), binary);
  return { version, provider };
}

interface Given {
  readonly shop: BareShop;
  readonly secrets: Secrets;
}

/** `terraform apply` in a folder of its own. @returns what serves, by id */
export async function applyTerraform(
  folder: string,
  { provider }: Terraform,
  platform: Platform,
  given: readonly Given[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Served>> {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const settings = `provider_installation {\n  dev_overrides { "kreuzwerker/docker" = ${JSON.stringify(provider)} }\n  direct {}\n}\n`;
  fs.writeFileSync(path.join(folder, "terraform.rc"), settings);
  // Its state and this file hold secrets; the folder goes with the bench's platform.
  fs.writeFileSync(path.join(folder, "main.tf.json"), JSON.stringify(configOf(platform, given)), {
    mode: 0o600,
  });
  const env = {
    TF_CLI_CONFIG_FILE: path.join(folder, "terraform.rc"),
    TF_IN_AUTOMATION: "1",
    CHECKPOINT_DISABLE: "1",
  };
  const terraform = (...args: string[]) =>
    command("terraform", [`-chdir=${folder}`, ...args], { env, signal });
  await terraform("apply", "-auto-approve", "-input=false", "-no-color", `-parallelism=${parallelism}`);
  const shown = JSON.parse((await terraform("output", "-json")).toString()) as Record<
    string,
    { value: Record<string, Served> }
  >;
  const served = new Map(Object.entries(shown["shops"]?.value ?? {}));
  // Its provider, which is Pulumi's too, cannot limit processes either.
  for (const { shop } of given)
    await said(
      "docker",
      ["update", "--pids-limit", String(shop.spec.resources.processes), served.get(shop.owner.id)!.id],
      { signal },
    );
  return served;
}

function configOf(platform: Platform, given: readonly Given[]): object {
  const of = (make: (given: Given) => object) =>
    Object.fromEntries(given.map((one) => [one.shop.owner.id, make(one)]));
  const volumes = of(({ shop: { owner } }) => ({
    name: volumeName(owner.platform, owner.id),
    driver: "local",
    labels: pairs(ownerLabelsOf(owner, "secrets")),
  }));
  const migrations = of(({ shop, secrets }) => migrationOf(platform, shop, secrets));
  const shops = of(({ shop }) => shopOf(platform, shop));
  const served = Object.fromEntries(
    Object.keys(shops).map((id) => [
      id,
      { id: ref(`docker_container.${id}.id`), name: ref(`docker_container.${id}.name`) },
    ]),
  );
  return {
    terraform: { required_providers: { docker: { source: "kreuzwerker/docker" } } },
    resource: {
      docker_volume: volumes,
      docker_container: {
        ...Object.fromEntries(Object.entries(migrations).map(([id, one]) => [`${id}-migrate`, one])),
        ...shops,
      },
    },
    output: { shops: { value: served } },
  };
}

const ref = (what: string): string => `\${${what}}`;
const pairs = (labels: Labels) => labels.map(([label, value]) => ({ label, value }));

function common(platform: Platform, { owner }: BareShop) {
  const user = userId(owner.platform, owner.id);
  return {
    image: platform.storefrontImage,
    user: `${user}:${user}`,
    network_mode: platform.edgeNetwork,
    networks_advanced: { name: platform.edgeNetwork },
    capabilities: { drop: ["ALL"] },
    security_opts: ["no-new-privileges:true"],
    ipc_mode: "private",
    cgroupns_mode: "private",
    shm_size: 16,
    log_driver: "json-file",
  };
}

function limits(of: Parameters<typeof limited>[0]) {
  const { memorySwap, ulimits, logOpts, ...same } = limited(of);
  return { ...same, memory_swap: memorySwap, ulimit: ulimits, log_opts: logOpts };
}

const volumeRef = ({ owner }: BareShop): string => ref(`docker_volume.${owner.id}.name`);

function migrationOf(platform: Platform, shop: BareShop, secrets: Secrets): object {
  const { owner } = shop;
  const inputs = {
    ...common(platform, shop),
    ...limits({ memoryBytes: 256 * mebibyte, cpus: 1, processes: 64, logSizeBytes: 2 * mebibyte }),
    command: ["migrate"],
    mounts: { type: "volume", source: volumeRef(shop), target: "/srv/shop-secrets" },
    tmpfs: temporary(16 * mebibyte),
    labels: pairs(ownerLabelsOf(owner, "migrate")),
    restart: "no",
    must_run: false,
    attach: true,
  };
  const upload = Object.entries(filesOf(platform, shop, secrets)).map(([file, content]) => {
    return { file: `/${file}`, content: content.replaceAll("${", "$${"), permissions: "0444" };
  });
  return { ...inputs, name: containerName(owner.platform, owner.id, "migrate", inputs), upload };
}

function shopOf(platform: Platform, shop: BareShop): object {
  const { owner, spec } = shop;
  const inputs = {
    ...common(platform, shop),
    ...limits(spec.resources),
    mounts: { type: "volume", source: volumeRef(shop), target: "/run/secrets", read_only: true },
    tmpfs: temporary(spec.resources.temporaryStorageBytes),
    labels: pairs(shopLabels(platform, shop)),
    restart: "unless-stopped",
    read_only: true,
    init: true,
    must_run: true,
    healthcheck: {
      test: ["CMD", "/healthcheck"],
      interval: "500ms",
      timeout: "40s",
      start_period: "20s",
      retries: 3,
    },
    wait: true,
    wait_timeout: 60,
    depends_on: [`docker_container.${owner.id}-migrate`],
  };
  return { ...inputs, name: containerName(owner.platform, owner.id, "shop", inputs) };
}
