/** A stack's state as `pulumi stack export` writes it, as far as a repair reads or changes it; everything else is passed on as it is. */
export interface Checkpoint {
  readonly deployment: {
    readonly resources?: readonly Resource[];
    readonly pending_operations?: readonly Operation[];
  };
}

export interface Operation {
  readonly type: string;
  readonly resource: Resource;
}

export interface Resource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly parent?: string;
  readonly dependencies?: readonly string[];
  readonly propertyDependencies?: Readonly<Record<string, readonly string[] | null>>;
  readonly delete?: boolean;
}

/** Creations that were begun and not seen to end. The engine carries them along until somebody says what became of them. */
export function pendingCreations({ deployment }: Checkpoint): readonly Resource[] {
  return (deployment.pending_operations ?? [])
    .filter(({ type }) => type === "creating")
    .map(({ resource }) => resource);
}

/**
 * The state with no operation pending and the given resources recorded, as if their creation had been seen to end, but with nothing known of them save their ids: the
 * refresh that must follow reads each as an import. `pulumi refresh --import-pending-creates` promises the same, and in 3.259 drops them instead.
 * @param planned what an update would create: a state that is older than a substation does not have the component either, which its resources are parts of
 */
export function recorded<T extends Checkpoint>(
  checkpoint: T,
  found: readonly { readonly resource: Resource; readonly id: string }[],
  planned: readonly Resource[] = [],
): T {
  const { resources = [] } = checkpoint.deployment;
  const urns = new Set(found.map(({ resource }) => resource.urn));
  // Where the creation was the first half of a replacement, the other half is left to do: as the engine writes it down between the two.
  const before = resources.map((resource) =>
    urns.has(resource.urn) ? { ...resource, delete: true } : resource,
  );
  const known = new Set(resources.map(({ urn }) => urn));
  const parents = new Set(found.map(({ resource }) => resource.parent));
  const components = planned
    .filter(({ urn }) => parents.has(urn) && !known.has(urn) && !urns.has(urn))
    .map((component) => without(component, "inputs", "outputs", "dependencies", "propertyDependencies"));
  const added = found.map(({ resource, id }) => {
    known.add(resource.urn);
    return { ...onlyKnown(without(resource, "inputs", "outputs"), known), id };
  });
  const deployment = {
    ...without(checkpoint.deployment, "pending_operations"),
    resources: [...before, ...components, ...added],
  };
  return { ...checkpoint, deployment };
}

/** Without dependencies on what the state does not hold, such as a container that is made anew: the next update writes them down again. */
function onlyKnown(resource: Resource, known: ReadonlySet<string>): Resource {
  const { dependencies, propertyDependencies } = resource;
  const kept = (urns: readonly string[]) => urns.filter((urn) => known.has(urn));
  return {
    ...resource,
    ...(dependencies ? { dependencies: kept(dependencies) } : {}),
    ...(propertyDependencies
      ? {
          propertyDependencies: Object.fromEntries(
            Object.entries(propertyDependencies).map(([key, urns]) => [key, kept(urns ?? [])]),
          ),
        }
      : {}),
  };
}

const without = <T extends object>(object: T, ...keys: readonly string[]): T =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key))) as T;
