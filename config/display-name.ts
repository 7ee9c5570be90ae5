import { relative, sep } from "node:path";

/** Names paths for people: relative to the working directory where they are below it, with "/" everywhere. */
export function displayNames(): (path: string) => string {
  const folders = new Map<string, string>();
  return (path) => {
    const cut = path.lastIndexOf(sep);
    const folder = path.slice(0, cut);
    let near = folders.get(folder);
    if (near === undefined) folders.set(folder, (near = relative("", folder)));
    if (near === ".." || near.startsWith(`..${sep}`))
      return relative("", path) === "" ? "." : path.split(sep).join("/");
    return [...near.split(sep), path.slice(cut + 1)].filter((part) => part !== "").join("/");
  };
}
