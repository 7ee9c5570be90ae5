import { spawnSync } from "node:child_process";
import * as os from "node:os";
import { UserError } from "../config/error";
import { readIfPresent } from "./files";

/** A user of the system by number and name. */
export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

const name = "substation";

/**
 * The user that PostgreSQL runs as, since it refuses to run as root: ourselves, or for root a system user that is made here.
 * It owns nothing but the database, and cannot log in.
 */
export function serverUser(): SystemUser {
  const { uid, gid, username } = os.userInfo();
  if (uid !== 0) return { uid, gid, name: username };
  const known = findUser(name);
  if (known) return known;
  const shell = ["--shell", "/usr/sbin/nologin", "--home-dir", "/nonexistent"];
  const result = spawnSync("useradd", ["--system", "--user-group", "--no-create-home", ...shell, name], {
    encoding: "utf8",
  });
  const made = findUser(name);
  if (made) return made;
  throw new UserError(
    `PostgreSQL does not run as root, and the system user "${name}" could not be made: ${(result.error?.message ?? result.stderr).trim()}\nMake it by hand (useradd --system --user-group ${name}) and try again.`,
  );
}

/** Looks in /etc/passwd first, then asks the system's other sources (LDAP and the like). */
function findUser(wanted: string): SystemUser | undefined {
  const line =
    (readIfPresent("/etc/passwd") ?? "").split("\n").find((entry) => entry.startsWith(`${wanted}:`)) ??
    (spawnSync("getent", ["passwd", wanted], { encoding: "utf8" }).stdout || undefined);
  const [, , uid, gid] = line?.split(":") ?? [];
  if (uid === undefined || gid === undefined) return undefined;
  if (Number(uid) === 0)
    throw new UserError(
      `The system user "${wanted}" has the user id 0. PostgreSQL needs one that is not root.`,
    );
  return { uid: Number(uid), gid: Number(gid), name: wanted };
}
