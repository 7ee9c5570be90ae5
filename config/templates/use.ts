import type { Document } from "../document";
import { quote, type Problem } from "../problem";
import type { SubstationFile } from "../schema";
import { nearest } from "../suggest";
import { fillTemplate } from "./fill";
import { defaultTemplate, type TemplateFile, type Templates } from "./index";
import type { InitialData } from "./types";
import type { Modules } from "../modules";

/** Bytes of initial data that a shop may be given: it passes through the engine's state with every update. */
export const largestInitialData = 256 * 1024;

/** The template that a file names, where there is one. */
export function templateOf(value: unknown): string | undefined {
  const { template = defaultTemplate } = (value ?? {}) as { template?: unknown };
  return typeof template === "string" ? template : undefined;
}

/** Whether the template exists and all its variables have a value; of a file whose other keys may be wrong. */
export function templateProblems(document: Document, templates: Templates): Problem[] {
  const name = templateOf(document.value);
  if (name === undefined) return []; // a matter of form
  const template = templates.get(name);
  if (!template) {
    const near = nearest(name, templates.names);
    const which = near === undefined ? "there is no such template; those" : `did you mean "${near}"? Those`;
    const message = `template is ${quote(name, 40)}: ${which} of templates/ and stacks/templates/ are ${templates.names.join(", ")}.`;
    return [{ ...document.at(["template"]), code: "template/unknown", message }];
  }
  return template.value ? variableProblems(document, name, template.value) : [];
}

function variableProblems(document: Document, name: string, template: TemplateFile): Problem[] {
  const declared = template.variables ?? {};
  const { variables } = (document.value ?? {}) as { variables?: unknown };
  const isMap = typeof variables === "object" && variables !== null && !Array.isArray(variables);
  const given = isMap ? Object.keys(variables) : [];
  const names = Object.keys(declared);
  const unknown = given.filter((key) => !Object.hasOwn(declared, key));
  const missing = names.filter((key) => declared[key]?.default === undefined && !given.includes(key));
  return [
    ...unknown.map((key): Problem => {
      const near = nearest(key, names);
      const all = names.length > 0 ? `has ${names.join(", ")}` : "has no variables";
      const meant = near === undefined ? "" : `did you mean "${near}"? `;
      const message = `variables.${quote(key, 40).slice(1, -1)} is no variable here: ${meant}The template ${name} ${all}.`;
      return { ...document.keyAt(["variables", key]), code: "template/variable", message };
    }),
    ...missing.map((key): Problem => {
      const what = declared[key]?.description ?? "";
      const at = given.length > 0 ? document.keyAt(["variables"]) : document.keyAt(["template"]);
      const message = `variables.${key} is missing: the template ${name} wants it (${what}); add variables: { ${key}: … }.`;
      return { ...at, code: "template/value", message };
    }),
  ];
}

/** The data that a new shop of this file begins with. */
export const initialDataOf = (template: TemplateFile, file: SubstationFile, modules: Modules): InitialData =>
  fillTemplate(
    template,
    { title: file.title, host: file.domain.host, owner: file.owner, variables: file.variables ?? {} },
    modules,
  );

/** Whether it is more than a shop may be given. */
export function sizeProblems(document: Document, name: string, data: InitialData): Problem[] {
  const bytes = Buffer.byteLength(JSON.stringify(data));
  if (bytes <= largestInitialData) return [];
  const [has, most] = [bytes, largestInitialData].map((n) => n.toLocaleString("en"));
  const message = `The template ${name} comes to ${has} bytes for this substation, at most ${most} are loaded: shorten its pages, or sell fewer categories and face values at first.`;
  return [{ ...document.at(["template"]), code: "template/too-large", message }];
}
