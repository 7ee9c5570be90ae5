import fc from "fast-check";
import type { SubstationSpec } from "../../../config/fleet";
import { between, databaseName, groupsIn, labels, mark } from "../../../config/names";
import type { Platform } from "../../../config/platform";
import { foreign } from "../../../inventory/preflight";
import { unknownContainers, type Live } from "../../live";
import { mustProgress } from "../next";
import { nextMove, type MoveFacts, type MoveStep } from "./next";

/**
 * A model of one substation between two groups, effect by effect, cut off after any of them, with others at work in between: updates and repairs of either group, by the very
 * functions that guard these, secrets that are set anew, files that are moved by hand. Its root secret is always in a state, something of it always serves, nothing with data
 * in it goes, and one undisturbed run gets home from anywhere. That the real effects are these is for the end-to-end test.
 */

type Group = "east" | "west";
const groups: readonly Group[] = ["east", "west"];
const other = (group: Group): Group => (group === "east" ? "west" : "east");

interface Container {
  readonly id: string;
  readonly group: Group;
  /** The version of the file that it was made from. */
  readonly config: number;
}

/** Of the substation, in one stack. */
interface State {
  /** Which one it is: another one could not read what this one has encrypted. */
  readonly root: number;
  shop: string;
  /** Containers that are to go once the new one is there. */
  doomed: string[];
}

interface World {
  file: Group;
  /** What stands in it: its version. */
  config: number;
  states: Record<Group, State | undefined>;
  containers: Container[];
  /** The marks of database and record. */
  database: string;
  record: Group;
  /** By name, the value. */
  secrets: Record<Group, Record<string, number>>;
  ids: number;
}

const platform = { name: "local", database: { user: "provisioner" } } as unknown as Platform;
const owner = (group: string) => ({ platform: "local", group, id: "jia" });

const open = (): World => ({
  file: "east",
  config: 0,
  states: { east: { root: 1, shop: "c0", doomed: [] }, west: undefined },
  containers: [{ id: "c0", group: "east", config: 0 }],
  database: "east",
  record: "east",
  secrets: { east: { key: 1, token: 2 }, west: {} },
  ids: 10,
});

const factsOf = ({ file, states, ...world }: World, from: Group, given = false): MoveFacts => {
  const to = other(from);
  const [old, now] = [states[from], states[to]];
  const [values, there] = [world.secrets[from], world.secrets[to]];
  return {
    filed: file === to,
    unset: Object.keys(values).filter((name) => !(name in there) || (file !== to && !given)),
    inOld: old !== undefined,
    inNew: now !== undefined,
    copied:
      old !== undefined &&
      now?.root === old.root &&
      now.shop === old.shop &&
      String(now.doomed) === String(old.doomed),
    lost: false,
    marked: world.database === to ? "new" : world.database === from ? "old" : "between",
    laid:
      world.record === to &&
      world.containers.every(({ group }) => group === to) &&
      world.containers.some(({ id }) => id === now?.shop),
    secretsLeft: Object.keys(values).length > 0,
  };
};

type Effect = (world: World) => void;

const copy =
  (from: Group): Effect =>
  ({ states }) => {
    expect(states[other(from)]).toBeUndefined();
    states[other(from)] = structuredClone(states[from]);
  };
const release =
  (group: Group): Effect =>
  ({ states }) =>
    void (states[group] = undefined);

/** What the engine does where the substation is in its stack and has another mark than the group's. */
const lay = (group: Group): readonly Effect[] => [
  (world) => {
    const shop = world.containers.find(({ id }) => id === world.states[group]!.shop);
    if (shop?.group === group && shop.config === world.config) return;
    world.containers.push({ id: `c${++world.ids}`, group, config: world.config });
  },
  (world) => {
    const state = world.states[group]!;
    const made = world.containers.findLast((one) => one.group === group && one.config === world.config)!;
    if (made.id === state.shop) return;
    state.doomed.push(state.shop);
    state.shop = made.id;
  },
  (world) => (world.record = group),
  (world) => {
    const { doomed } = world.states[group]!;
    world.containers = world.containers.filter(({ id }) => !doomed.includes(id));
  },
  (world) => (world.states[group]!.doomed = []),
];

const effectsOf: Readonly<Record<MoveStep, (world: World, from: Group) => readonly Effect[]>> = {
  secrets: (world, from) =>
    factsOf(world, from).unset.map((name): Effect => ({ secrets }) => {
      secrets[other(from)][name] = secrets[from][name]!;
    }),
  file: (_, from) => [(world) => (world.file = other(from))],
  lift: (_, from) => [(world) => (world.database = between(from, other(from)))],
  state: (_, from) => [copy(from), release(from)],
  release: (_, from) => [release(from)],
  mark: (_, from) => [(world) => (world.database = other(from))],
  update: (_, from) => lay(other(from)),
  forget: ({ secrets }, from) =>
    Object.keys(secrets[from]).map(
      (name): Effect =>
        (world) =>
          delete world.secrets[from][name],
    ),
};

class Cut extends Error {}

function run(world: World, effects: readonly Effect[], left: { count: number }): void {
  for (const effect of effects) {
    if (left.count-- <= 0) throw new Cut();
    effect(world);
    holds(world);
  }
}

/** What must be so after every single effect. */
function holds({ states, containers }: World): void {
  const roots = groups.flatMap((group) => states[group]?.root ?? []);
  if (roots.length === 0) throw new Error("no stack has its root secret any more");
  if (new Set(roots).size > 1) throw new Error("there are two root secrets");
  if (containers.length === 0) throw new Error("nothing of it serves");
}

const liveOf = ({ containers, database, record }: World): Live & { readonly volumes: [] } => ({
  containers: containers.map(({ id, group }) => ({
    ...{ Id: id, Names: [`/local-jia-shop-${id}`], Image: "shop", Created: 0, State: "running", Status: "" },
    Labels: { [labels.mark]: mark(owner(group)), [labels.platform]: "local", [labels.group]: group },
  })),
  databases: [{ name: databaseName("local", "jia"), mark: mark(owner(database)), owner: "provisioner" }],
  roles: [],
  records: [{ id: "r", name: "jia.test", type: "A", content: "", comment: mark(owner(record)) }],
  networks: [],
  volumes: [],
  provisioner: "provisioner",
});

const spec = (group: Group): SubstationSpec =>
  ({
    ...{ id: "jia", group, host: "jia.test", channels: [] },
    at: () => ({ file: `stacks/${group}/jia.yaml`, line: 1, column: 1 }),
  }) as unknown as SubstationSpec;

/** An update of a group as others run it. */
function up(world: World, group: Group, left: { count: number }): void {
  repair(world, group); // as every run does where the last one was cut off
  const isOther = world.file !== group;
  // Of a substation without a file the program says so (`gone`, by the mark of its database), and the rule plan-substation refuses a plan that would remove it.
  if (isOther && (groupsIn({ group: world.database }).includes(group) || world.states[group])) return;
  if (isOther || foreign(group, [spec(group)], platform, liveOf(world)).length > 0) return;
  expect(world.states[group]).toBeDefined(); // else the engine would make a root secret of its own
  run(world, lay(group), left);
}

/** A repair of a group: containers that say they are its, and that no stack knows, go. */
function repair(world: World, group: Group): void {
  const knownTo = (of: Group) => {
    const state = world.states[of];
    return state ? [state.shop, ...state.doomed] : [];
  };
  const known = new Set(groups.flatMap(knownTo));
  const strays = unknownContainers(liveOf(world), { platform: "local", group }, known).map(({ Id }) => Id);
  world.containers = world.containers.filter(({ id }) => !strays.includes(id));
  holds(world);
}

/** As fleet/lifecycle/move/course.ts finds it out. @param wanted the group that is named */
function move(world: World, wanted: Group | undefined, left: { count: number }): void {
  const marks: Group[] = [
    ...(groupsIn({ group: world.database }) as Group[]),
    ...world.containers.map(({ group }) => group),
    world.record,
    ...groups.filter((group) => Object.keys(world.secrets[group]).length > 0),
    ...groups.filter((group) => world.states[group]),
  ];
  const elsewhere = marks.find((group) => group !== world.file);
  const to = wanted ?? world.file;
  const from = to === world.file ? elsewhere : world.file;
  if (from === undefined) return;
  for (const group of groups) repair(world, group); // a run that was cut off is looked into first
  const done: MoveStep[] = [];
  for (;;) {
    const next = nextMove(factsOf(world, from, done.includes("secrets")));
    if (next === "done") return;
    if ("stuck" in next) throw new Error(next.stuck);
    mustProgress(done, next.step);
    done.push(next.step);
    run(world, effectsOf[next.step](world, from), left);
  }
}

type Deed =
  | { readonly move: Group | undefined; readonly effects: number }
  | { readonly up: Group; readonly effects: number }
  | { readonly repair: Group }
  | "set secret"
  | "change the file"
  | "move the file by hand";

const anyGroup = fc.constantFrom(...groups);
const effects = fc.oneof(fc.constant(1000), fc.nat(14));
const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ move: fc.option(anyGroup, { nil: undefined }), effects }) },
  { weight: 2, arbitrary: fc.record({ up: anyGroup, effects }) },
  { weight: 2, arbitrary: fc.record({ repair: anyGroup }) },
  { weight: 1, arbitrary: fc.constantFrom<Deed>("set secret", "change the file", "move the file by hand") },
);

function apply(world: World, one: Deed): void {
  if (one === "set secret") world.secrets[world.file]["key"] = ++world.ids;
  else if (one === "change the file") world.config++;
  else if (one === "move the file by hand") world.file = other(world.file);
  else if ("repair" in one) repair(world, one.repair);
  else
    try {
      const left = { count: one.effects };
      if ("up" in one) up(world, one.up, left);
      else move(world, one.move, left);
    } catch (error) {
      if (!(error instanceof Cut)) throw error;
    }
}

test("wherever it is cut off and whoever else is at work: its root secret stays, it serves, and one run gets home", () => {
  const steps = new Set<string>();
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 30 }), (deeds) => {
      const world = open();
      for (const one of deeds) {
        apply(world, one);
        const next = nextMove(factsOf(world, other(world.file)));
        steps.add(typeof next === "string" ? next : "step" in next ? next.step : "stuck");
      }
      const value = world.secrets[world.file]["key"];
      move(world, undefined, { count: 1000 });
      const [here, there] = [world.file, other(world.file)];
      expect([world.states[there], world.states[here]?.root, world.database, world.record]).toEqual([
        undefined,
        1,
        here,
        here,
      ]);
      up(world, here, { count: 1000 });
      expect(world.containers).toEqual([{ id: world.states[here]!.shop, group: here, config: world.config }]);
      expect(world.secrets[there]).toEqual({});
      expect(Object.keys(world.secrets[here]).sort()).toEqual(["key", "token"]);
      if (value !== undefined) expect(world.secrets[here]["key"]).toBe(value);
    }),
    { numRuns: 2000 },
  );
  for (const step of ["done", "state", "release", "lift", "mark", "update", "forget"])
    expect(steps).toContain(step);
});

test("what nobody can copy from is for a person", () => {
  const facts = factsOf(open(), "east");
  const stuck = (change: Partial<MoveFacts>) => nextMove({ ...facts, filed: true, unset: [], ...change });
  expect([
    stuck({ lost: true }),
    stuck({ inNew: true, copied: false, marked: "between" }),
    stuck({ inOld: false }),
  ]).toEqual([
    { stuck: expect.stringMatching(/^its stack has a database that its server does not/) as string },
    { stuck: expect.stringMatching(/^both stacks have something of it/) as string },
    { stuck: expect.stringMatching(/^neither stack has it/) as string },
  ]);
});
