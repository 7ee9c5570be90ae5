import { adapterVolumeName, isSameSubstation, mark, volumeName } from "../../config/names";
import { isPlatformOwn } from "./container";
import { known } from "./known";
import { fleetRule, rule, type Rule } from "./rule";

/** Volumes hold the secrets of one substation each. Of their marks the group is not asked: one that was moved keeps the mark that its volumes were made with. */

export const volumeKnown = known("volume", "Volume");

export const volumeDriver = rule("volume", {
  id: "volume-driver",
  severity: "critical",
  description:
    "Checks that a volume is a folder of the engine's own, and no path of the host or of another machine.",
  references: ["D12", "CIS Docker 5.6", "PSS baseline"],
  remedy: "Set driver to local, and remove driverOpts: they can make any path of the host of it.",
  *check({ name, driver, driverOptions }) {
    if (driver !== "local")
      yield `Volume ${name} must have the driver local, but has ${driver ?? "none that is known"}`;
    const options = Object.keys(driverOptions);
    if (options.length > 0)
      yield `Volume ${name} must have no options of its driver, but has ${options.join(", ")}`;
  },
});

export const volumeOwner = rule("volume", {
  id: "volume-owner",
  severity: "high",
  description: "Checks that a volume is one of a substation that has a file, by its mark and its name.",
  references: ["D12", "C05"],
  remedy:
    "Add the substation's file, if it is missing. A volume is never removed without a look into it: it holds secrets (docs/closing.md).",
  *check({ name, owner, platform }, intent) {
    const ours = intent.platform.name;
    if (!owner) {
      // The ingress and its proxy speak through a socket in it.
      if (name === `${ours}-docker-proxy` && platform === ours) return;
      yield `Volume ${name} must carry the mark of a substation`;
      return;
    }
    const file = intent.substations.get(owner.id);
    const wanted = [
      volumeName(ours, owner.id),
      ...(file?.adapters ?? []).map(({ channel }) => adapterVolumeName(ours, owner.id, channel)),
    ];
    if (!wanted.includes(name)) yield `Volume ${name} of ${owner.id} must be named ${wanted.join(" or ")}`;
    if (!file)
      yield `Volume ${name} must belong to a substation that has a file, but ${owner.group}/${owner.id} has none`;
    else if (!isSameSubstation(file.owner, owner))
      yield `Volume ${name} must belong to ${mark(file.owner)}, as its file does, but carries ${mark(owner)}`;
  },
});

export const volumeUsers = fleetRule({
  id: "volume-users",
  severity: "critical",
  needs: ["container", "volume"],
  description: "Checks that nobody but its owner's containers mounts a volume.",
  references: ["D12", "CIS Docker 5.6"],
  remedy:
    "Find out who made that container, then stop it, and renew the substation's secrets (substation rotate): it could read them.",
  *check(facts, intent) {
    const containers = new Map(facts.container.map((container) => [container.name, container]));
    for (const { name, owner, live } of facts.volume) {
      for (const user of live?.users ?? []) {
        const container = containers.get(user);
        const allowed = owner
          ? isSameSubstation(container?.owner, owner)
          : container !== undefined && isPlatformOwn(container, intent);
        if (!allowed)
          yield {
            subject: user,
            owner,
            message: `Container ${user} must not mount the volume ${name}: it is not its owner's`,
          };
      }
    }
  },
});

export const volumeRules: readonly Rule[] = [volumeKnown, volumeDriver, volumeOwner, volumeUsers];
