import { cgroupLimits } from "../../inventory/cgroup";
import { engineObjects } from "../../inventory/containers";
import { hostInventory } from "../../inventory/host";
import type { Facts } from "../../policies/rules/facts";
import { containerFact, networkFact, volumeFact } from "./engine-facts";
import { hostFacts } from "./host-facts";
import type { Looks } from "./looks";

export interface EngineSeen {
  readonly facts: Pick<Facts, "container" | "network" | "volume" | "host">;
  /** Of the Docker host; undefined where it does not answer. */
  readonly memoryBytes: number | undefined;
  readonly cpus: number | undefined;
}

/** What the Docker engine shows of a platform, and of itself. */
export async function lookAtEngine(platform: string, looks: Looks): Promise<EngineSeen> {
  const remedy = () => "Is it running, and does DOCKER_HOST name it?";
  const [objects, host] = await Promise.all([
    looks.at(
      "containers, networks and volumes on the Docker engine",
      ["container", "network", "volume"],
      engineObjects(platform),
      remedy,
    ),
    looks.at("the Docker engine and its host", ["host"], hostInventory(), remedy),
  ]);
  const judged = host ? hostFacts(host) : { facts: [], missed: [] };
  for (const what of judged.missed)
    looks.miss(
      `Docker host: ${what}`,
      ["host"],
      "It cannot be told from here. Run the audit on the Docker host itself.",
    );
  const names = new Map((objects?.containers ?? []).map(({ Id, Name }) => [Id, Name.slice(1)]));
  const containers = (objects?.containers ?? []).map(async (found) => {
    const { Pid } = found.State;
    const cgroup = Pid > 0 ? await cgroupLimits(Pid, found.Id) : undefined;
    return containerFact(found, cgroup, objects?.imageEnvironments.get(found.Image), names);
  });
  return {
    facts: {
      container: await Promise.all(containers),
      network: (objects?.networks ?? []).map(networkFact),
      volume: (objects?.volumes ?? []).map(volumeFact),
      host: judged.facts,
    },
    memoryBytes: host?.info.MemTotal,
    cpus: host?.info.NCPU,
  };
}
