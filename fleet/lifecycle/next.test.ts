import fc from "fast-check";
import { mustProgress, nextStep, type ClosingFacts, type ClosingStep } from "./next";
import { isAllowed, stateOf, stateRules, type LifecycleAction, type LifecycleState } from "./states";

/**
 * A model of one substation and of all that a closing does to it, effect by effect, cut off after any of them: whatever was commanded and wherever it was cut, data goes only
 * when the order is due and an export has all of it, and nobody is stuck. That the real effects are these is for the end-to-end test.
 */

interface Order {
  /** What it says, by which its exports are known: one that is brought back says the same. */
  readonly ordered: number;
  removing?: { readonly since: number; readonly export: string | undefined };
}

interface World {
  now: number;
  file: boolean;
  /** In the file itself. */
  suspendedByFile: boolean;
  /** On its way to another group; how that goes is fleet/lifecycle/move/next.test.ts. */
  elsewhere: boolean;
  order: Order | undefined;
  /** When the order came into its place. */
  placed: number;
  /** In git: every order there was, as it was then. */
  past: Order[];
  /** What the engine made: undefined where its stack has nothing of it. */
  standing: { record: boolean; shop: "sells" | "suspended" | "none" } | undefined;
  /** Versions of the data: each write is another one. */
  database: { data: number; connect: boolean; allowConnections: boolean } | undefined;
  roles: number;
  secrets: number;
  exports: {
    name: string;
    takenAt: number;
    last: boolean;
    data: number | undefined;
    order: number;
    void: boolean;
  }[];
  /** Removals that have one. */
  certificates: number[];
  closed: boolean;
}

const graceMs = 100;
const roles = 3;
let names = 0;

const planned = (): World => ({
  now: 1000,
  file: true,
  suspendedByFile: false,
  elsewhere: false,
  order: undefined,
  placed: 0,
  past: [],
  standing: undefined,
  database: undefined,
  roles: 0,
  secrets: 2,
  exports: [],
  certificates: [],
  closed: false,
});

const factsOf = (world: World): ClosingFacts => ({
  now: world.now,
  graceMs,
  removing: world.order?.removing,
  lost: false,
  certified: world.order?.removing !== undefined && world.certificates.includes(world.order.removing.since),
  selling: world.standing?.shop === "sells",
  standing: world.standing !== undefined,
  database: world.database !== undefined,
  frozen: world.database !== undefined && !world.database.connect,
  roles: world.roles > 0,
  strays: [],
  secrets: world.secrets > 0,
  exports: exportsFor(world),
});

const exportsFor = ({ exports, order }: World) =>
  exports.filter((one) => !one.void && one.order === order?.ordered);

const voidExports: Effect = (world) => {
  for (const one of exportsFor(world)) one.void = true;
};

const begin = (world: World, name: string | undefined): void => {
  const order = world.order!;
  order.removing = { since: order.removing?.since ?? ++names, export: name };
  world.past.push(structuredClone(order));
};

type Effect = (world: World) => void;

const place: Effect = (world) => {
  world.order = { ordered: ++names };
  world.placed = world.now;
  world.past.push({ ...world.order });
};

const takeExport =
  (last: boolean): Effect =>
  (world) =>
    void world.exports.push({
      name: `export ${++names}`,
      takenAt: world.now,
      last,
      data: world.database?.data,
      order: world.order!.ordered,
      void: false,
    });

/** What the engine does when it is told to lay the substation out, in its order; one whose removal has begun is excluded. */
const lay: readonly Effect[] = [
  (world) => (world.roles = roles),
  (world) => (world.database ??= { data: 0, connect: true, allowConnections: true }),
  (world) => (world.standing ??= { record: false, shop: "none" }),
  (world) => (world.standing!.shop = world.suspendedByFile || world.order ? "suspended" : "sells"),
  (world) => (world.standing!.record = true),
];

const effectsOf: Readonly<Record<ClosingStep, (world: World) => readonly Effect[]>> = {
  unmark: () => [(world) => delete world.order!.removing],
  suspend: () => [(world) => (world.standing!.shop = "suspended")],
  export: () => [takeExport(false)],
  retire: ({ database, standing }) => {
    if (!database && !standing)
      return [(world) => begin(world, exportsFor(world).findLast(({ last }) => last)?.name)];
    return [
      ...(database
        ? [((world) => Object.assign(world.database!, { connect: false, allowConnections: true })) as Effect]
        : []),
      takeExport(true),
      (world) => begin(world, world.exports.at(-1)!.name),
    ];
  },
  remove: () => [
    (world) => (world.standing!.record = false),
    (world) => (world.standing!.shop = "none"),
    (world) => (world.standing = undefined),
  ],
  drop: () => [
    (world) => world.database && (world.database.allowConnections = false),
    dropData,
    ...Array.from({ length: roles }, (): Effect => (world) => (world.roles = Math.max(0, world.roles - 1))),
  ],
  forget: ({ secrets }) => Array.from({ length: secrets }, (): Effect => (world) => world.secrets--),
  archive: () => [
    (world) => world.certificates.push(world.order!.removing!.since),
    voidExports,
    (world) => (world.file = false),
    (world) => {
      world.order = undefined;
      world.closed = true;
    },
  ],
};

/** The heart of it. */
const dropData: Effect = (world) => {
  if (!world.database) return;
  const { order } = world;
  const exports = exportsFor(world);
  const kept = exports.find(({ name }) => name === order?.removing?.export);
  const [first] = exports;
  expect({ ordered: order !== undefined, kept: kept?.data, last: kept?.last }).toEqual({
    ordered: true,
    kept: world.database.data,
    last: true,
  });
  expect(world.now).toBeGreaterThanOrEqual(world.placed + graceMs);
  expect(world.now).toBeGreaterThanOrEqual(first!.takenAt + graceMs);
  world.database = undefined;
};

class Cut extends Error {}

/** Does effects until they are through, or `left` of them are. */
function run(world: World, effects: readonly Effect[], left: { count: number }): void {
  for (const effect of effects) {
    if (left.count-- <= 0) throw new Cut();
    effect(world);
  }
}

const stateIn = (world: World): LifecycleState =>
  stateOf({
    file: world.file,
    order: world.order,
    suspended: world.suspendedByFile,
    elsewhere: world.elsewhere,
    standing: world.standing && { shop: world.standing.shop === "none" ? undefined : world.standing.shop },
  });

const commands: Readonly<Record<LifecycleAction, (world: World, left: { count: number }) => void>> = {
  open: (world, left) => run(world, lay, left),
  suspend: (world, left) => run(world, [(w) => (w.suspendedByFile = true), ...lay], left),
  resume: (world, left) => run(world, [(w) => (w.suspendedByFile = false), ...lay], left),
  move: (world, left) =>
    run(
      world,
      world.standing ? [(w) => (w.elsewhere = true), ...lay, (w) => (w.elsewhere = false)] : [],
      left,
    ),
  close(world, left) {
    if (!world.order) run(world, [(w) => place(w)], left);
    const done: ClosingStep[] = [];
    while (!world.closed) {
      const next = nextStep(factsOf(world));
      if ("stuck" in next) throw new Error(next.stuck);
      if ("until" in next) return;
      mustProgress(done, next.step);
      done.push(next.step);
      run(world, effectsOf[next.step](world), left);
    }
  },
  restore: (world, left) =>
    run(
      world,
      [
        (w) => w.database && (w.database.connect = true),
        voidExports,
        (w) => (w.order = undefined),
        ...(world.standing ? lay : []),
      ],
      left,
    ),
};

function act(world: World, action: LifecycleAction, effects: number): void {
  if (!isAllowed(stateIn(world), action)) return;
  try {
    commands[action](world, { count: effects });
  } catch (error) {
    if (!(error instanceof Cut)) throw error;
  }
}

type Move =
  | { readonly action: LifecycleAction; readonly effects: number }
  | "write"
  | "wait"
  | "thaw"
  | "lose exports"
  | "mark by hand"
  | "bring back"
  | "new file";

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      action: fc.constantFrom<LifecycleAction>(
        "open",
        "open",
        "suspend",
        "resume",
        "move",
        "close",
        "close",
        "close",
        "restore",
      ),
      effects: fc.oneof(fc.constant(1000), fc.nat(16)),
    }),
  },
  { weight: 4, arbitrary: fc.constantFrom<Move>("write", "wait", "wait") },
  // What other people do: somebody lets the roles in again by hand; a disk with exports is lost; the end of an order is written by hand, an old order comes back from git, and
  // another substation gets the id of one that was closed.
  {
    weight: 1,
    arbitrary: fc.constantFrom<Move>("thaw", "lose exports", "mark by hand", "bring back", "new file"),
  },
);

function apply(world: World, one: Move): void {
  if (one === "wait") world.now += 60;
  else if (one === "thaw" || one === "write") {
    if (one === "thaw" && world.database) world.database.connect = true;
    // A suspended shop still takes the money that is under way.
    if (world.database?.connect && world.database.allowConnections && world.standing?.shop !== "none")
      world.database.data++;
  } else if (one === "lose exports") {
    if (world.database) world.exports = [];
  } else if (one === "mark by hand") {
    if (world.order) world.order.removing = { since: ++names, export: world.exports.at(-1)?.name };
  } else if (one === "bring back") {
    const old = world.past.at(-1);
    if (old && world.file && !world.order)
      Object.assign(world, { order: structuredClone(old), placed: world.now });
  } else if (one === "new file") {
    if (world.closed) Object.assign(world, { file: true, closed: false, suspendedByFile: false });
  } else act(world, one.action, one.effects);
}

/** Cut off when the removal was just ordered, and then somebody lets the shop write once more. */
const letInAgain: Move[] = [
  ...(["open", "close"] as const).map((action) => ({ action, effects: 1000 })),
  ...(["wait", "wait"] as const),
  { action: "close", effects: 3 },
  "thaw",
];

/** Closed to its end; then another one gets its id, and the old order comes back from git. */
const orderOfAnother: Move[] = [
  ...(["open", "close"] as const).map((action) => ({ action, effects: 1000 })),
  ...(["wait", "wait"] as const),
  { action: "close", effects: 1000 },
  "new file",
  { action: "open", effects: 1000 },
  "bring back",
];

test("whatever is commanded and wherever it is cut off: data goes only when it is due and kept, and nobody is stuck", () => {
  const reached = new Set<LifecycleState>();
  fc.assert(
    fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
      const world = planned();
      for (const one of moves) {
        apply(world, one);
        reached.add(stateIn(world));
      }
      // From wherever that led to, an undisturbed run gets home.
      if (world.elsewhere) act(world, "move", 1000);
      if (world.order && !world.order.removing && world.standing) {
        const restored = structuredClone(world);
        act(restored, "restore", 1000);
        act(restored, "resume", 1000);
        expect([stateIn(restored), restored.standing?.shop, restored.database?.connect]).toEqual([
          "open",
          "sells",
          true,
        ]);
      }
      if (world.closed) return;
      act(world, "close", 1000);
      world.now += graceMs;
      act(world, "close", 1000);
      expect([stateIn(world), world.standing, world.database, world.roles, world.secrets]).toEqual([
        "closed",
        undefined,
        undefined,
        0,
        0,
      ]);
    }),
    { numRuns: 5000, examples: [[letInAgain], [orderOfAnother]] },
  );
  expect([...reached].sort()).toEqual(Object.keys(stateRules).sort());
});

test("each state that is not at rest has a deadline and an action that ends it", () => {
  for (const [state, { atRest, deadline, allowed }] of Object.entries(stateRules))
    expect([state, deadline === undefined, allowed.length > 0 || atRest]).toEqual([state, atRest, true]);
});

test("no step is done twice in a run, and a database that only the stack knows of is for a person to find", () => {
  expect(() => mustProgress(["export"], "retire")).not.toThrow();
  expect(() => mustProgress(["suspend", "export"], "suspend")).toThrow(
    '"suspend" was done, and yet it is to be done again',
  );
  const world: World = { ...planned(), order: { ordered: 1 }, standing: { record: true, shop: "suspended" } };
  expect(nextStep({ ...factsOf(world), lost: true })).toEqual({
    stuck: expect.stringContaining("its stack has a database that its server does not") as string,
  });
});
