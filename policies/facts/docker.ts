import { labels, parseMark } from "../../config/names";
import type { NetworkFact, VolumeFact } from "../rules/facts";
import { containerFact, harmlessOfContainer, labelsOf } from "./container";
import type { Inputs } from "./inputs";
import type { PlannedResource, TypeReaders } from "./resource";

const interContainer = "com.docker.network.bridge.enable_icc";

function networkFact(inputs: Inputs, { name, owner }: PlannedResource): NetworkFact {
  const labelled = labelsOf(inputs);
  const options = inputs.object("options");
  return {
    name: inputs.string("name") ?? name,
    owner,
    platform: labelled[labels.platform],
    driver: inputs.string("driver"),
    interContainer: inputs.has("options") ? talking(options) : true, // Docker's own default
    attachable: inputs.boolean("attachable") ?? false,
    unknown: inputs.unknown(),
  };
}

function talking(options: Inputs | undefined): boolean | undefined {
  const value = options?.string(interContainer);
  return value === undefined && (!options || options.has(interContainer)) ? undefined : value !== "false";
}

function volumeFact(inputs: Inputs, { name, owner }: PlannedResource): VolumeFact {
  const labelled = labelsOf(inputs);
  return {
    name: inputs.string("name") ?? name,
    owner: parseMark(labelled[labels.mark]) ?? owner,
    platform: labelled[labels.platform],
    driver: inputs.string("driver"),
    driverOptions: inputs.map("driverOpts"),
    unknown: inputs.unknown(),
  };
}

export const dockerTypes: TypeReaders = {
  "docker:index/container:Container": {
    kinds: ["container"],
    facts: (inputs, resource) => ({ container: [containerFact(inputs, resource)] }),
    harmless: harmlessOfContainer,
  },
  "docker:index/network:Network": {
    kinds: ["network"],
    facts: (inputs, resource) => ({ network: [networkFact(inputs, resource)] }),
    harmless: ["internal", "ipamConfigs", "ipamDriver", "ipamOptions"],
  },
  "docker:index/volume:Volume": {
    kinds: ["volume"],
    facts: (inputs, resource) => ({ volume: [volumeFact(inputs, resource)] }),
    harmless: [],
  },
  // An image is judged where a container runs it.
  "docker:index/remoteImage:RemoteImage": {
    kinds: [],
    facts: () => ({}),
    harmless: ["keepLocally", "name", "platform", "pullTriggers", "triggers"],
  },
};
