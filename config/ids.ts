import type { Finding } from "./problem";

/** Names that objects of the platform are called by, or that commands and PostgreSQL give a meaning to. */
const reservedIds = new Set(
  "admin all default edge ingress main none null platform postgres public root substation system template0 template1 tiers traefik".split(
    " ",
  ),
);

/** Object names carry this many characters of an id. */
export const idShownLength = 20;
export const substationsPerGroup = 25;

/** Why `id`, a file name without ".yaml", cannot be the id of a substation. */
export function idFinding(id: string): Finding | undefined {
  if (!/^[a-z][a-z0-9-]{1,30}$/.test(id) || id.endsWith("-")) {
    return {
      code: "id/syntax",
      why: 'the file name is the id: 2 to 31 of a-z, 0-9 and "-", beginning with a letter, not ending with "-"; rename the file',
    };
  }
  return reservedIds.has(id)
    ? { code: "id/reserved", why: "that word is reserved; rename the file" }
    : undefined;
}

/** Folders under `stacks/` that are no groups, and what is in them. */
const ownFolders = { channels: "descriptors of payment systems", templates: "templates" };

export type OwnFolder = keyof typeof ownFolders;
export const isOwnFolder = (name: string): name is OwnFolder => Object.hasOwn(ownFolders, name);

/** Why `name`, a folder under `stacks/`, cannot be the name of a group. */
export function groupFinding(name: string): Finding | undefined {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name) || name.endsWith("-")) {
    return {
      code: "group/syntax",
      why: 'a group is a Pulumi stack: 1 to 31 of a-z, 0-9 and "-", beginning with a letter, not ending with "-"; rename the folder',
    };
  }
  if (isOwnFolder(name))
    return { code: "group/reserved", why: `that folder is for ${ownFolders[name]}; choose another` };
  return name === "platform" || name.startsWith("platform-")
    ? { code: "group/reserved", why: "that name is for the stacks of platforms; rename the folder" }
    : undefined;
}
