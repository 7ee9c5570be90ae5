import { mainStation } from "../../../config/main-station";
import type { Attempt } from "../attempt";
import type { Facts } from "../facts";
import type { Statement } from "../questions";
import { denied, noLine, wrongPassword } from "./sqlstates";

/** Into databases and roles that are not its own, with the one password that it has. */
export function logins({ login, neighbour, provisioner, own }: Facts): Attempt[] {
  const attempt = (
    id: string,
    title: string,
    change: Partial<Statement>,
    expected: readonly string[],
  ): Attempt => ({
    id: `login/${id}`,
    title,
    expected,
    neighbour: id.startsWith("neighbour"),
    questions: [{ kind: "sql", ...login, text: "SELECT 1", ...change }],
  });
  const into = (id: string, title: string, database: string) =>
    attempt(id, title, { database }, [noLine, denied]);
  const as = (id: string, title: string, user: string, database = login.database) =>
    attempt(id, title, { user, database }, [noLine, wrongPassword]);
  return [
    into("neighbour-database", "enter its neighbour's database", neighbour.database),
    into("main-station-database", "enter the main station's database", mainStation.database),
    into("maintenance-database", "enter the maintenance database", "postgres"),
    into("template", "enter the template of new databases", "template1"),
    as("neighbour-role", "be its neighbour at home", neighbour.app, neighbour.database),
    as("neighbour-role-here", "be its neighbour in its own database", neighbour.app),
    as("main-station-role", "be the main station's shop", mainStation.appRole, mainStation.database),
    as("main-station-owner", "be the main station's owner", mainStation.role, mainStation.database),
    as("provisioner", "be the provisioner", provisioner, "postgres"),
    as("superuser", "be the superuser", "postgres", "postgres"),
    as("migrate", "be the role that owns its schema", own.migrate),
    as("group", "be its group role, which nobody is", own.database),
    attempt("plain", "talk to the server without TLS", { tls: false }, [noLine]),
  ];
}
