import { UserError } from "../../config/error";
import { ask } from "./ask";
import type { Facts } from "./facts";
import { intruder, type Answer, type Question } from "./questions";
import { twins } from "./twin";

/** What bears the name that attempts give, and what the shop's role owns or belongs to: the same before and after, or something stayed. */
const things = `
  SELECT 'relation ' || relname AS thing FROM pg_class WHERE relname LIKE '${intruder}%'
  UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname LIKE '${intruder}%'
  UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE proname LIKE '${intruder}%'
  UNION ALL SELECT 'role ' || rolname FROM pg_roles WHERE rolname LIKE '${intruder}%'
  UNION ALL SELECT 'database ' || datname FROM pg_database WHERE datname LIKE '${intruder}%'
  UNION ALL SELECT 'wrapper ' || fdwname FROM pg_foreign_data_wrapper WHERE fdwname LIKE '${intruder}%'
  UNION ALL SELECT 'slot ' || slot_name FROM pg_replication_slots WHERE slot_name LIKE '${intruder}%'
  UNION ALL SELECT 'extension ' || extname FROM pg_extension
  UNION ALL SELECT 'large object ' || oid FROM pg_largeobject_metadata
  UNION ALL SELECT 'membership in ' || roleid::regrole FROM pg_auth_members WHERE member = current_user::regrole
  UNION ALL SELECT 'setting ' || unnest(setconfig) FROM pg_db_role_setting WHERE setrole = current_user::regrole
  UNION ALL SELECT 'connection limit ' || rolconnlimit FROM pg_roles WHERE rolname = current_user`;

/** What is there that an attempt could have made; to be compared with what was there before. */
export async function look({ login, shop, target }: Facts): Promise<readonly string[]> {
  const questions: Question[] = [
    { kind: "sql", ...login, text: things },
    { kind: "traces", folders: ["/tmp", "/dev/shm"] },
  ];
  const [database, files] = await ask(shop.Id, questions);
  return [
    ...result<{ thing: string }>(database).map(({ thing }) => thing),
    ...result<string>(files).map((file) => `file ${file}`),
    ...(await twins(target.owner)).map((id) => `container ${id}`),
  ];
}

function result<T>(answer: Answer | undefined): readonly T[] {
  if (answer && "ok" in answer) return answer.ok as readonly T[];
  throw new UserError(`whether anything stays cannot be looked at: ${JSON.stringify(answer)}`);
}
