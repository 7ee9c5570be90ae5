import type { Dirent } from "node:fs";
import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";

import { channelNameFinding } from "./channels/names";
import { nameForm, namePattern } from "./forms";
import { orderSuffix } from "./lifecycle/order";
import { groupFinding, idFinding, isOwnFolder, type OwnFolder } from "./ids";
import { quote } from "./problem";
import type { Finding, Problem, ProblemCode } from "./problem";

/** What stands in the folder of typed files, by name alone; nothing has been read. */
export interface Tree {
  /** Path of `tiers.yaml`, where there is one. */
  readonly tiers?: string;
  readonly groups: readonly {
    readonly name: string;
    readonly path: string;
    readonly files: readonly TreeFile[];
    /** Closing orders, by the id of the substation that is to be closed. */
    readonly orders: readonly TreeFile[];
  }[];
  /** Of templates/: a folder each, with its file. */
  readonly templates: readonly { readonly name: string; readonly path: string }[];
  /** Descriptors of payment systems, by name. */
  readonly channels: readonly TreeFile[];
  readonly problems: readonly Problem[];
}

export interface TreeFile {
  readonly id: string;
  readonly path: string;
  /** What stands in it, where it is not written yet. */
  readonly text?: string;
}

/** A substation's file that is not written yet. */
export interface NewFile {
  readonly id: string;
  readonly group: string;
  readonly text: string;
}

/** A template's own file, in the folder of its name. */
export const templateFileName = "template.yaml";

/** Left behind by editors and operating systems, or documentation: passed over without a word. */
const leftover = /^\.|~$|^#.*#$|\.md$/;

/** @param name how problems name a path */
export function readTree(root: string, name: (path: string) => string): Tree {
  const problems: Problem[] = [];
  const report = (path: string, code: ProblemCode, message: string): void => {
    problems.push({ file: name(path), line: 1, column: 1, code, message });
  };

  /** The entries that matter, in code unit order. Symbolic links are none: what is checked is what git keeps. */
  const entries = (path: string): Dirent[] => {
    let found: Dirent[];
    try {
      found = readdirSync(path, { withFileTypes: true });
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? String(error);
      if (code === "ENOENT")
        report(
          path,
          "file/missing",
          "There is no such folder: run this where stacks/ is, or name it with --stacks.",
        );
      else report(path, "file/unreadable", `The folder cannot be read (${code}): let this user read it.`);
      return [];
    }
    return found
      .filter((entry) => !leftover.test(entry.name))
      .filter((entry) => {
        if (!entry.isSymbolicLink()) return true;
        const at = join(path, entry.name);
        report(
          at,
          "file/symlink",
          `This is a symbolic link to ${quote(readlinkSync(at))}: put the file itself here.`,
        );
        return false;
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  };

  let tiers: string | undefined;
  const templates: { name: string; path: string }[] = [];
  const groups: { name: string; path: string; files: TreeFile[]; orders: TreeFile[] }[] = [];
  let channels: TreeFile[] = [];
  const readOwn: Readonly<Record<OwnFolder, (path: string) => void>> = {
    channels: (path) => {
      channels = readFiles(path, channelNameFinding);
    },
    templates: readTemplates,
  };
  const top = entries(root);
  for (const entry of top) {
    const path = join(root, entry.name);
    if (entry.isDirectory() && isOwnFolder(entry.name)) readOwn[entry.name](path);
    else if (entry.isDirectory() && !/\.ya?ml$/i.test(entry.name)) groups.push(readGroup(entry.name, path));
    else if (entry.name === "tiers.yaml" && entry.isFile()) tiers = path;
    else if (!/^Pulumi\..+\.yaml$/.test(entry.name)) strayFile(path, entry);
  }
  if (
    tiers === undefined &&
    !problems.some(
      (problem) => problem.file === name(root) || problem.file === name(join(root, "tiers.yaml")),
    )
  ) {
    report(
      join(root, "tiers.yaml"),
      "file/missing",
      "There is no tiers.yaml: the tiers decide what a substation may use; restore it from git.",
    );
  }
  return { ...(tiers === undefined ? {} : { tiers }), groups, channels, templates, problems };

  function readTemplates(folder: string): void {
    for (const entry of entries(folder)) {
      const path = join(folder, entry.name);
      const file = join(path, templateFileName);
      if (!entry.isDirectory()) {
        const message = `A template is a folder with a ${templateFileName} in it: move this into one.`;
        report(path, "file/misplaced", message);
      } else if (!new RegExp(namePattern).test(entry.name)) {
        const message = `The template is ${quote(entry.name)}: its name is ${nameForm}; rename the folder.`;
        report(path, "template/unknown", message);
      } else if (!entries(path).some(({ name }) => name === templateFileName)) {
        report(
          path,
          "file/missing",
          `There is no ${templateFileName} here: write one, or remove the folder.`,
        );
      } else templates.push({ name: entry.name, path: file });
    }
  }

  function readGroup(group: string, path: string): (typeof groups)[number] {
    const finding = groupFinding(group);
    if (finding) report(path, finding.code, `The group is ${quote(group)}: ${finding.why}.`);
    const all = readFiles(path, (name) => idFinding(orderedId(name) ?? name));
    const orders = all.flatMap(({ id: name, path: file }) => {
      const id = orderedId(name);
      return id === undefined ? [] : [{ id, path: file }];
    });
    return { name: group, path, files: all.filter(({ id }) => orderedId(id) === undefined), orders };
  }

  /** The typed files of a folder. Problems of their names are reported, and the files are among them nevertheless. */
  function readFiles(folder: string, finding: (id: string) => Finding | undefined): TreeFile[] {
    return entries(folder).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (!entry.isFile() || !entry.name.endsWith(".yaml")) {
        strayFile(path, entry);
        return [];
      }
      const id = entry.name.slice(0, -".yaml".length);
      const found = finding(id);
      if (found) report(path, found.code, `The id is ${quote(id)}: ${found.why}.`);
      return [{ id, path }];
    });
  }

  function strayFile(path: string, entry: Dirent): void {
    const yaml = /\.(?:yaml|yml)$/i.exec(entry.name);
    if (entry.isDirectory()) {
      const why = yaml ? "a file is expected under this name" : "groups are one level deep";
      report(path, "file/kind", `This is a folder, but ${why}: move what is in it, and remove the folder.`);
    } else if (!entry.isFile()) {
      report(path, "file/kind", "This is no regular file: remove it.");
    } else if (yaml && yaml[0] !== ".yaml") {
      report(
        path,
        "file/extension",
        `The extension is "${yaml[0]}": rename the file to ${quote(`${entry.name.slice(0, yaml.index)}.yaml`)}.`,
      );
    } else if (yaml) {
      report(
        path,
        "file/misplaced",
        "A substation's file belongs in the folder of its group: move it to stacks/<group>/.",
      );
    } else {
      report(
        path,
        "file/unexpected",
        "Only <id>.yaml is read here, this is passed over: rename it, or move it elsewhere.",
      );
    }
  }
}

/** The id of the substation that a file of this name orders to be closed; undefined for any other file. */
const orderedId = (name: string): string | undefined =>
  name.endsWith(orderSuffix) ? name.slice(0, -orderSuffix.length) : undefined;

/** The tree as it will be when `added` are written; each of them has a name that no file has. */
export function withFiles(
  tree: Tree,
  root: string,
  name: (path: string) => string,
  added: readonly NewFile[],
): Tree {
  const problems = [...tree.problems];
  const groups = new Map(tree.groups.map((group) => [group.name, { ...group, files: [...group.files] }]));
  for (const { id, group, text } of added) {
    const path = join(root, group, `${id}.yaml`);
    const told = [idFinding(id), groupFinding(group)].flatMap((finding) => finding ?? []);
    for (const { code, why } of told)
      problems.push({
        file: name(path),
        line: 1,
        column: 1,
        code,
        message: `It would be ${quote(`${group}/${id}.yaml`)}: ${why}.`,
      });
    const found = groups.get(group) ?? { name: group, path: join(root, group), files: [], orders: [] };
    groups.set(group, found);
    found.files.push({ id, path, text });
  }
  return { ...tree, groups: [...groups.values()], problems };
}
