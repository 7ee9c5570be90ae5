import type { Checkpoint, Resource } from "./checkpoint";
import { asUser, noStack, PulumiFailed, pulumiOk, type Workspace } from "./pulumi";

/** A substation as the state of its stack has it. */
export interface Standing {
  readonly urn: string;
  /** Its home page. */
  readonly url: string;
  /** Where gateways call, by channel, in the order of the file that it was opened with. */
  readonly notifyUrls: ReadonlyMap<string, string>;
  /** The shop's container; undefined where an update ended before it was made. */
  readonly shop: StandingShop | undefined;
}

export interface StandingShop {
  /** Its end is a hash of all that it was made from, so that another configuration has another name. */
  readonly name: string;
  /** The engine's id: a container that was made anew from the same has another one. */
  readonly id: string;
  /** Id of its image, or its name with a digest. */
  readonly image: string;
}

interface Exported extends Checkpoint {
  readonly deployment: Omit<Checkpoint["deployment"], "resources"> & {
    readonly resources?: readonly WithOutputs[];
  };
}
interface WithOutputs extends Resource {
  readonly outputs?: Outputs;
}
interface Outputs {
  readonly url?: string;
  readonly channels?: Readonly<Record<string, { readonly notifyUrl: string }>>;
}

/**
 * The substations of a group, by id, as the last update left them. No secret is read.
 * @returns nothing for a stack that was never made
 * @throws UserError where the state cannot be read
 */
export async function standing(workspace: Workspace, group: string): Promise<ReadonlyMap<string, Standing>> {
  const state = await readState(workspace, group);
  return state ? standingIn(state) : new Map();
}

/**
 * The state of a stack, its secrets encrypted.
 * @returns undefined for a stack that was never made
 * @throws UserError where it cannot be read
 */
export async function readState(workspace: Workspace, stack: string): Promise<Exported | undefined> {
  return await asUser(`the state of stack ${stack} cannot be read`, stack, async () => {
    try {
      return JSON.parse(await pulumiOk(workspace, ["stack", "export", "-s", stack])) as Exported;
    } catch (error) {
      if (error instanceof PulumiFailed && noStack(error)) return undefined;
      throw error;
    }
  });
}

export function standingIn({ deployment: { resources = [] } }: Exported): ReadonlyMap<string, Standing> {
  // What is still to be deleted, after a replacement that was broken off, is on its way out.
  const kept = resources.filter(({ delete: doomed }) => !doomed);
  const shops = new Map(
    kept
      .filter(({ type }) => type === "docker:index/container:Container")
      .map((resource) => [resource.urn.split("::").at(-1) ?? "", resource]),
  );
  return new Map(
    kept
      .filter(({ type }) => type === "substation:index:Substation")
      .map(({ urn, outputs = {} }) => {
        const id = urn.split("::").at(-1) ?? "";
        const notifyUrls = new Map(
          Object.entries(outputs.channels ?? {}).map(([channel, { notifyUrl }]) => [channel, notifyUrl]),
        );
        return [id, { urn, url: outputs.url ?? "", notifyUrls, shop: shopOf(shops.get(id)) }];
      }),
  );
}

/** Its resource has the substation's own name. */
function shopOf(resource: Resource | undefined): StandingShop | undefined {
  if (resource?.id === undefined) return undefined;
  const { name, image } = resource.inputs ?? {};
  return { name: String(name), id: resource.id, image: String(image) };
}
