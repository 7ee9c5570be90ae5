import * as fs from "node:fs";
import * as path from "node:path";
import type { Zone } from "../../config/platform";
import type { InspectedContainer } from "../../inventory/containers";
import { Docker } from "../../inventory/docker-api";
import type { Lab } from "./lab";
import { asSuperuser } from "./observe";

/** Changes what is there past Substation, as somebody can who has a server's own rights. */

/** Makes a container like another, with some of what it was asked for changed; it is not started. @returns its id */
export async function imitate(
  name: string,
  { Config, HostConfig, Image }: InspectedContainer,
  change: { readonly config?: object; readonly host?: object },
): Promise<string> {
  const body = { ...Config, ...change.config, Image, HostConfig: { ...HostConfig, ...change.host } };
  const { Id } = await new Docker().post<{ Id: string }>("/containers/create", { name }, body);
  return Id;
}

/** Changes a record as the DNS provider's own pages would. @param record "" or `/<id>` */
export async function editZone(zone: Zone, method: string, record: string, body: object = {}): Promise<void> {
  const response = await fetch(`${zone.api}/zones/${zone.id}/dns_records${record}`, {
    method,
    headers: { authorization: `Bearer ${zone.token}`, "content-type": "application/json" },
    ...(method === "DELETE" ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${record}: ${await response.text()}`);
}

const hbaFile = (lab: Lab): string => path.join(lab.home, "postgres", "data", "pg_hba.conf");

export const readHba = (lab: Lab): string => fs.readFileSync(hbaFile(lab), "utf8");

/** Lines that say something, each after its number. */
export const hbaLines = (lab: Lab): string[] =>
  readHba(lab)
    .split("\n")
    .map((line, at) => `${at + 1}: ${line}`)
    .filter((line) => !/^\d+: *(?:#|$)/.test(line));

export async function writeHba(lab: Lab, text: string): Promise<void> {
  fs.writeFileSync(hbaFile(lab), text);
  await asSuperuser(lab, (client) => client.query("SELECT pg_reload_conf()"));
}
