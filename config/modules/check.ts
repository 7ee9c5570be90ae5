import type { Document } from "../document";
import type { Problem, ProblemCode } from "../problem";
import type { Tier } from "../tiers";
import { size } from "../units";
import { modules } from "./index";
import type { Module, Needs } from "./types";

type Registry = Readonly<Record<string, Module>>;

/** What the shop itself needs, without any module: the least that a file may ask for. */
export const shopNeeds: Needs = { memoryBytes: 64 * 2 ** 20, processes: 16 };

/**
 * Whether tier, other modules and resources let the modules be on; of a file whose other keys may be wrong.
 * @param resources of the substation: the tier's, with what the file asks for in place of them
 */
export function moduleProblems(
  document: Document,
  tier: Tier,
  resources: Needs,
  registry: Registry = modules,
): Problem[] {
  const on = modulesOn(document.value, registry);
  return [...on.flatMap((name) => whyNot(name)), ...resourceProblems(document, on, resources, registry)];

  function whyNot(name: string): Problem[] {
    const switchOff = `write enabled: false below modules.${name}`;
    const problem = (code: ProblemCode, why: string): Problem => ({
      ...document.keyAt(["modules", name]),
      code,
      message: `modules.${name} is on: ${why}, or ${switchOff}.`,
    });
    const { requires = [], excludes = [] } = registry[name] ?? {};
    const allowed = tier.modules.length > 0 ? `allows ${tier.modules.join(", ")}` : "allows no modules";
    return [
      ...((tier.modules as readonly string[]).includes(name)
        ? []
        : [problem("module/tier", `the tier ${tier.name} (${tier.title}) ${allowed}; choose another tier`)]),
      ...requires
        .filter((other) => !on.includes(other))
        .map((other) => problem("module/requires", `it needs ${other}; add that below modules`)),
      ...excludes
        .filter((other) => on.includes(other))
        .map((other) => problem("module/excludes", `it cannot be on beside ${other}; switch that off`)),
    ];
  }
}

/** Names of the modules that a file switches on, in the registry's order. */
function modulesOn(value: unknown, registry: Registry): string[] {
  const { modules: written } = (value ?? {}) as { modules?: unknown };
  if (typeof written !== "object" || written === null) return [];
  return Object.keys(registry).filter((name) => {
    const settings = (written as Record<string, unknown>)[name];
    if (typeof settings !== "object" || settings === null) return false;
    return (settings as { enabled?: unknown }).enabled !== false;
  });
}

function resourceProblems(
  document: Document,
  on: readonly string[],
  has: Needs,
  registry: Registry,
): Problem[] {
  if (on.length === 0) return [];
  const measures = [
    { key: "memory", name: "memoryBytes", format: size.format },
    { key: "processes", name: "processes", format: String },
  ] as const;
  return measures.flatMap(({ key, name, format }): Problem[] => {
    const parts = on.map((module) => ({ module, needs: registry[module]?.needs[name] ?? 0 }));
    const needed = parts.reduce((sum, { needs }) => sum + needs, shopNeeds[name]);
    if (has[name] >= needed) return [];
    const each = parts.filter(({ needs }) => needs > 0).map((part) => `${part.module} ${format(part.needs)}`);
    const sum = `the shop needs ${format(shopNeeds[name])}, ${each.join(", ")} more, ${format(needed)} together`;
    const asked = document.source(["resources", key]) !== undefined;
    const message = asked
      ? `resources.${key} is ${format(has[name])}: ${sum}; write that or more, or switch a module off.`
      : `The tier's ${key} is ${format(has[name])}: ${sum}; choose a larger tier, or switch a module off.`;
    const at = document.at(asked ? ["resources", key] : ["tier"]);
    return [{ ...at, code: "module/resources", message }];
  });
}
