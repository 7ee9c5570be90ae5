import { z } from "zod";

import type { Module, ModuleName, Modules } from "./types";
import { modules } from "./index";

const enabled = z.boolean().meta({
  description: "false switches the module off and keeps its data. true where it is absent.",
  examples: [false],
  default: true,
});

/** `modules` in a substation's file: each module under its name, with its own settings. */
export function modulesSchema(registry: Readonly<Record<string, Module>>) {
  const shape = Object.entries(registry).map(([name, { settings, title, description }]) => {
    const schema = z
      .strictObject({ enabled: enabled.optional(), ...settings })
      .meta({ description: `${title}. ${description}` });
    return [name, schema.optional()] as const;
  });
  return z.strictObject(Object.fromEntries(shape)).meta({
    description: "What the shop sells. A module that stands here is on; its tier must allow it.",
  });
}

export type WrittenModules = z.infer<ReturnType<typeof modulesSchema>>;

/** What the schema has let pass, as it stands in substation.json. */
export function modulesOf(written: WrittenModules = {}): Modules {
  const entries = Object.entries(written).flatMap(([name, settings]) => {
    if (!settings) return [];
    const { enabled: on = true, ...own } = settings;
    const module: Module = modules[name as ModuleName];
    return [[name, { enabled: on, ...module.normalise(own) }]];
  });
  return Object.fromEntries(entries) as Modules;
}
