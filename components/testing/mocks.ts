import * as pulumi from "@pulumi/pulumi";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";

/** A registration as the engine would have got it. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
  readonly options: {
    readonly parent: string;
    readonly protect: boolean;
    readonly retainOnDelete: boolean;
    /** Undefined where the provider decides. */
    readonly deleteBeforeReplace: boolean | undefined;
    readonly ignoreChanges: readonly string[];
    readonly additionalSecretOutputs: readonly string[];
    readonly beforeCreate: readonly string[];
    readonly afterCreate: readonly string[];
    readonly onError: readonly string[];
    /** Names of the resources that it waits for. */
    readonly dependsOn: readonly string[];
    readonly deletedWith: string;
  };
}

interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getProtect(): boolean;
  getRetainondelete(): boolean;
  getDeletebeforereplace(): boolean;
  getDeletebeforereplacedefined(): boolean;
  getIgnorechangesList(): string[];
  getAdditionalsecretoutputsList(): string[];
  getDependenciesList(): string[];
  getDeletedwith(): string;
  getHooks():
    | { getBeforeCreateList(): string[]; getAfterCreateList(): string[]; getOnErrorList(): string[] }
    | undefined;
}

type Answer = (error: unknown, response?: unknown) => void;

/** What Pulumi 3.259's mock monitor lacks although it says that it supports hooks, and what it forgets of a registration. */
const monitor = MockMonitor.prototype as unknown as {
  registerResource: (this: unknown, request: Request, answer: Answer) => Promise<void>;
  registerResourceHook?(request: unknown, answer: Answer): void;
  registerErrorHook?(request: unknown, answer: Answer): void;
};
const registerResource = monitor.registerResource;

/** Runs `program` against mocks and returns what it registered, by the order in which it arrived. Hooks are noted, not run. */
export async function register(
  program: () => unknown,
  newResource: pulumi.runtime.Mocks["newResource"],
  preview = false,
): Promise<readonly Registered[]> {
  const registered: Registered[] = [];
  const inputsOf = new Map<string, Record<string, unknown>>();
  monitor.registerResourceHook = (_request, answer) => answer(null, {});
  monitor.registerErrorHook = (_request, answer) => answer(null, {});
  monitor.registerResource = async function (request, answer) {
    await registerResource.call(this, request, (error, response) => {
      const hooks = request.getHooks();
      const key = `${request.getType()} ${request.getName()}`;
      registered.push({
        type: request.getType(),
        name: request.getName(),
        inputs: inputsOf.get(key) ?? {},
        options: {
          parent: lastName(request.getParent()),
          protect: request.getProtect(),
          retainOnDelete: request.getRetainondelete(),
          deleteBeforeReplace: request.getDeletebeforereplacedefined()
            ? request.getDeletebeforereplace()
            : undefined,
          ignoreChanges: request.getIgnorechangesList(),
          additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
          beforeCreate: hooks?.getBeforeCreateList() ?? [],
          afterCreate: hooks?.getAfterCreateList() ?? [],
          onError: hooks?.getOnErrorList() ?? [],
          dependsOn: request.getDependenciesList().map(lastName),
          deletedWith: lastName(request.getDeletedwith()),
        },
      });
      answer(error, response);
    });
  };
  await pulumi.runtime.setMocks(
    {
      newResource: (args) => {
        inputsOf.set(`${args.type} ${args.name}`, args.inputs as Record<string, unknown>);
        return newResource(args);
      },
      call: ({ inputs }) => inputs as Record<string, unknown>,
    },
    "substation",
    "demo",
    preview,
  );
  await program();
  await pulumi.runtime.disconnect();
  return registered.filter(({ type }) => !type.startsWith("pulumi:"));
}

const lastName = (urn: string): string => urn.split("::").at(-1) ?? "";
