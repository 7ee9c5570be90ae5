import { join, relative } from "node:path";
import { UserError } from "../../config/error";
import { platformOf, projectSettings } from "../../config/stack-config";
import { others } from "../../config/suggest";
import { readTree, type Tree } from "../../config/tree";
import { git } from "../git";

/** Which substations: by id; those that a git diff touches; or all. */
export type Selection =
  | { readonly ids: readonly string[] }
  /** Since a commit, the working tree included. @default the merge base with main */
  | { readonly changedSince: string | undefined }
  | "all";

/** Ids by group, in the order of the files. What stands in the files may be wrong. */
export type Selected = ReadonlyMap<string, readonly string[]>;

/** @throws UserError for an id that no file has, or where git cannot tell what has changed */
export async function select(root: string, selection: Selection): Promise<Selected> {
  const tree = readTree(join(root, "stacks"), (path) => relative(root, path));
  if (selection === "all") return idsOf(tree);
  if ("ids" in selection) return withIds(tree, selection.ids);
  const settings = projectSettings({ root });
  const paths = await changedPaths(root, selection.changedSince);
  return affected(tree, paths, (group) => platformOf(settings, group));
}

const idsOf = ({ groups }: Pick<Tree, "groups">): Selected =>
  new Map(
    groups
      .filter(({ files }) => files.length > 0)
      .map(({ name, files }) => [name, files.map(({ id }) => id)]),
  );

function withIds(tree: Tree, ids: readonly string[]): Selected {
  const all = idsOf(tree);
  const known = [...all.values()].flat();
  const unknown = ids.find((id) => !known.includes(id));
  if (unknown !== undefined)
    throw new UserError(`there is no substation "${unknown}" in stacks: ${others(unknown, known)}`);
  return only(all, (_group, id) => ids.includes(id));
}

function only(all: Selected, wanted: (group: string, id: string) => boolean): Selected {
  return new Map(
    [...all]
      .map(([group, ids]) => [group, ids.filter((id) => wanted(group, id))] as const)
      .filter(([, ids]) => ids.length > 0),
  );
}

/** What the program and its rules are made of, beside the typed files: a change of any of it may change any substation. */
const program =
  /^(?:infra|components|config|inventory|policies|templates|scripts)\/(?!.*\.test\.ts$)|^(?:Pulumi\.yaml|package(?:-lock)?\.json)$/;

/**
 * The substations that a change of these paths may change. Those whose file is gone are among them.
 * @param paths relative to the project's folder, with "/"
 * @param platformOfGroup the stack of the platform that a group stands on
 */
export function affected(
  tree: Pick<Tree, "groups">,
  paths: readonly string[],
  platformOfGroup: (group: string) => string,
): Selected {
  const all = idsOf(tree);
  const groups = new Set<string>();
  let everything = false;
  const ids = new Map<string, Set<string>>();
  for (const path of paths) {
    const [, group = "", id = ""] = /^stacks\/([^/]+)\/([^/.]+)(?:\.closing)?\.yaml$/.exec(path) ?? [];
    const [, stack] = /^stacks\/Pulumi\.([^/]+)\.yaml$/.exec(path) ?? [];
    if (stack !== undefined) {
      for (const name of all.keys()) if (name === stack || platformOfGroup(name) === stack) groups.add(name);
    } else if (id !== "" && group !== "channels" && group !== "templates") {
      ids.set(group, (ids.get(group) ?? new Set()).add(id));
    } else if (program.test(path) || /^stacks\/(?:tiers\.yaml$|channels\/|templates\/)/.test(path)) {
      everything = true;
    }
  }
  const gone = [...ids].map(
    ([group, of]) => [group, [...of].filter((id) => !all.get(group)?.includes(id))] as const,
  );
  const found = new Map(
    only(all, (group, id) => everything || groups.has(group) || (ids.get(group)?.has(id) ?? false)),
  );
  for (const [group, of] of gone) if (of.length > 0) found.set(group, [...(found.get(group) ?? []), ...of]);
  return found;
}

/** Paths that differ from a commit, those included that git does not know yet. */
async function changedPaths(root: string, since: string | undefined): Promise<readonly string[]> {
  const base = since ?? (await git(root, "merge-base", "HEAD", "main"));
  const [changed, unknown] = await Promise.all([
    git(root, "diff", "--name-only", "--no-renames", "--relative", "-z", base, "--"),
    git(root, "ls-files", "--others", "--exclude-standard", "-z"),
  ]);
  return `${changed}${unknown}`.split("\0").filter((path) => path !== "");
}
