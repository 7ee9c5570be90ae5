import { parseMark } from "../../config/names";
import type { ProviderFact, RecordFact, SecretFact } from "../rules/facts";
import type { Inputs } from "./inputs";
import type { PlannedResource, TypeReader, TypeReaders } from "./resource";

function recordFact(inputs: Inputs, { name, owner }: PlannedResource): RecordFact {
  const comment = inputs.string("comment");
  return {
    name: inputs.string("name") ?? name,
    owner: parseMark(comment) ?? owner,
    type: inputs.string("type"),
    content: inputs.string("content"),
    proxied: inputs.booleanOr("proxied", false),
    ttl: inputs.number("ttl"),
    comment,
    unknown: inputs.unknown(),
  };
}

const secretFact = (inputs: Inputs, { name, owner }: PlannedResource): SecretFact => ({
  name,
  owner,
  length: inputs.number("length"),
  unknown: inputs.unknown(),
});

/** Of these a provider's fact tells that they are set, and no more. */
const secretSettings = [
  ..."apiKey apiToken apiUserServiceKey caMaterial certMaterial clientcert keyMaterial password registryAuth".split(
    " ",
  ),
];

/** The settings of a provider reach the engine as JSON, each by itself. */
function providerFact(inputs: Inputs, { type, name, props }: PlannedResource): ProviderFact {
  const settings = Object.keys(props).flatMap((key): [string, string | number | boolean][] => {
    // Where a plugin comes from is no setting of a provider, and is left to be refused as an input that no rule looks at.
    if (key.startsWith("__") || key === "pluginDownloadURL") return [];
    if (secretSettings.includes(key)) return inputs.has(key) ? [[key, "[secret]"]] : [];
    const value = inputs.scalar(key);
    return value === undefined ? [] : [[key, typeof value === "string" ? fromJson(value) : value]];
  });
  return {
    name,
    owner: undefined,
    package: type.slice(providerPrefix.length),
    settings: Object.fromEntries(settings),
    unknown: inputs.unknown(),
  };
}

const fromJson = (text: string): string | number | boolean =>
  /^(?:true|false|-?[0-9]+)$/.test(text) ? (JSON.parse(text) as number | boolean) : text;

const providerPrefix = "pulumi:providers:";

const providerReader: TypeReader = {
  kinds: ["provider"],
  facts: (inputs, resource) => ({ provider: [providerFact(inputs, resource)] }),
  harmless: [],
};

/** Those that anything may be made with. */
export const providerTypes: TypeReaders = Object.fromEntries(
  ["cloudflare", "docker", "postgresql", "random"].map((name) => [
    `${providerPrefix}${name}`,
    providerReader,
  ]),
);

export const otherTypes: TypeReaders = {
  "cloudflare:index/dnsRecord:DnsRecord": {
    kinds: ["record"],
    facts: (inputs, resource) => ({ record: [recordFact(inputs, resource)] }),
    // The token that writes it is of one zone.
    harmless: ["zoneId"],
  },
  "random:index/randomPassword:RandomPassword": {
    kinds: ["secret"],
    facts: (inputs, resource) => ({ secret: [secretFact(inputs, resource)] }),
    // What it is made of; the length stands for its strength, and a rule asks for enough of it.
    harmless: [
      ..."keepers lower minLower minNumeric minSpecial minUpper number numeric overrideSpecial special upper".split(
        " ",
      ),
    ],
  },
  // What the engine keeps its own books with.
  "pulumi:pulumi:Stack": { kinds: [], facts: () => ({}), harmless: [] },
  "pulumi:providers:pulumi": { kinds: [], facts: () => ({}), harmless: ["version"] },
  "pulumi:pulumi:StackReference": { kinds: [], facts: () => ({}), harmless: ["name"] },
  "substation:index:Substation": { kinds: [], facts: () => ({}), harmless: ["host", "tier"] },
};
