import * as cloudflare from "@pulumi/cloudflare";
import * as postgresql from "@pulumi/postgresql";
import { Substation, type SubstationArgs } from "../substation";
import { register, type Registered } from "./mocks";
import { limits, platform, scopes } from "./sample";

/** Lays out one substation, "mengxiang" of group "demo", against mocks. */
export async function lay(change: Partial<SubstationArgs> = {}, preview = false) {
  let url = "";
  const resources = await register(
    () => {
      const providers = {
        database: new postgresql.Provider("database", {}),
        dns: new cloudflare.Provider("dns", {}),
      };
      const substation = new Substation("mengxiang", {
        group: "demo",
        title: "梦想点卡",
        tier: "trial",
        scopes,
        host: "mengxiang.substation.test",
        revenueShareBasisPoints: 1250,
        markupBasisPoints: 1500,
        modules: {},
        channels: [],
        channelSecrets: {},
        initialData: { categories: [], goods: [], notices: [], pages: [] },
        limits,
        platform,
        providers,
        ...change,
      });
      url = substation.url;
    },
    ({ type, name, inputs }) => {
      const made = inputs as Record<string, unknown>;
      return {
        id: `${name}-id`,
        state: type.endsWith(":RandomPassword") ? { ...made, result: `secret of ${name}` } : made,
      };
    },
    preview,
  );
  const get = (type: string, name: string): Registered => {
    const found = resources.find((r) => r.type === type && r.name === name);
    if (!found)
      throw new Error(
        `no ${type} named ${name} among ${resources.map((r) => `${r.type} ${r.name}`).join(", ")}`,
      );
    return found;
  };
  return { url, resources, get, find: (type: string, name: string) => get(type, name).inputs };
}
