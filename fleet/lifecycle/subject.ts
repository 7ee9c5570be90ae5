import { homedir } from "node:os";
import { join, relative, resolve } from "node:path";
import { UserError } from "../../config/error";
import { loadFleet } from "../../config/fleet";
import type { ClosingOrder } from "../../config/lifecycle/order";
import { databaseName, mark, type Owner } from "../../config/names";
import type { Platform } from "../../config/platform";
import { platformOf, projectSettings } from "../../config/stack-config";
import type { Workspace } from "../pulumi";
import { platformUnder } from "../read-platform";

/** A substation that is to be closed, and where it stands. */
export interface Subject {
  readonly workspace: Workspace;
  readonly order: ClosingOrder;
  readonly owner: Owner;
  /** The mark that all its objects bear. */
  readonly mark: string;
  readonly platform: Platform;
  /** Of its database and its group role. */
  readonly database: string;
  /** Its typed file, which is gone already where the closing was cut off at its very end. */
  readonly file: string;
  /** The folder of its exports. */
  readonly exports: string;
}

/** @throws UserError where nobody has ordered that it be closed, or the order has a problem */
export async function subjectOf(workspace: Workspace, id: string): Promise<Subject> {
  const order = orderOf(workspace, id);
  if (!order) throw new UserError(`nobody has ordered that ${id} be closed: nothing was changed.`);
  const { group } = order;
  const platform = await platformUnder(workspace, group);
  const owner = { platform: platform.name, group, id };
  return {
    workspace,
    order,
    owner,
    mark: mark(owner),
    platform,
    database: databaseName(platform.name, id),
    file: join(workspace.root, "stacks", group, `${id}.yaml`),
    exports: exportsOf(workspace, owner),
  };
}

/** The order to close a substation; undefined where there is none. @throws UserError where it has a problem */
export function orderOf({ root }: Pick<Workspace, "root">, id: string): ClosingOrder | undefined {
  const { closings, problems } = loadFleet(join(root, "stacks"));
  const wrong = problems.filter(({ file }) => file.endsWith(`/${id}.closing.yaml`));
  if (wrong.length > 0)
    throw new UserError(
      `the closing order of ${id} has problems, so nothing was changed:\n${wrong.map(({ file, line, column, message }) => `${file}:${line}:${column}  ${message}`).join("\n")}`,
    );
  const [order, another] = [...closings.values()].filter((one) => one.id === id);
  if (order && another)
    throw new UserError(
      `there are two orders to close ${id}, ${order.file} and ${another.file}: remove one. Nothing was changed.`,
    );
  return order;
}

/** The folder of a substation's exports: outside of the project, since they hold customers' data, and a repository is copied to many places. */
export function exportsOf({ root }: Pick<Workspace, "root">, { platform, group, id }: Owner): string {
  const settings = projectSettings({ root });
  const stack = platformOf(settings, group);
  const folder = resolve(
    settings.setting(stack, "exportsFolder") ?? join(homedir(), "substation-exports", platform),
  );
  if (relative(root, folder).startsWith("..")) return join(folder, id);
  throw new UserError(
    `exportsFolder of the platform's stack ${stack} is ${folder}, inside the project: exports hold customers' data, and must not get into git. ` +
      `Name another with "pulumi config set -s ${stack} exportsFolder <folder>". Nothing was changed.`,
  );
}
