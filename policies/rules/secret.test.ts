import { secretRules } from "./secret";
import { neighbour, owner } from "./testing";
import { finds, passes, testCases } from "./testing-cases";
import { planned, provider, provisioner, role, secret } from "./testing-database";

const withPassword = (of = owner) => role({ plan: planned }, of);

testCases(secretRules, [
  ...secretRules.map(({ id }) =>
    passes(id, "a plan's", {
      secret: [secret(), secret({ name: "haitang-root", owner: neighbour })],
      role: [withPassword(), withPassword(neighbour)],
      provider: [
        provider("postgresql"),
        provider("cloudflare"),
        provider("docker"),
        provider("docker", { host: "ssh://operator@host" }),
        provider("docker", { host: "tcp://host:2376", certPath: "/etc/docker" }),
      ],
    }),
  ),

  finds("secret-known", "an unknown input", { secret: [secret({ unknown: ["length"] })] }, [
    "Secret mengxiang-root: length is not known before the update, so it cannot be judged",
  ]),
  ...[31, undefined].map((length) =>
    finds(
      "secret-length",
      `${length} characters`,
      { secret: [secret({ length })] },
      `Secret mengxiang-root must have 32 characters or more but has ${length ?? "nothing that is known"}`,
    ),
  ),
  finds(
    "secret-own",
    "one for two substations",
    { secret: [secret()], role: [withPassword(), withPassword(neighbour)] },
    ["Substation haitang must have a random secret of its own and has none"],
  ),
  finds("secret-own", "one of nobody", { secret: [secret(), secret({ name: "shared", owner: undefined })] }, [
    "Secret shared must be one substation's own",
  ]),

  finds(
    "provider-known",
    "an unknown setting",
    { provider: [{ ...provider("postgresql"), unknown: ["sslmode"] }] },
    ["Provider postgresql: sslmode is not known before the update, so it cannot be judged"],
  ),
  finds(
    "provider-postgresql",
    "one that is set up in every wrong way",
    {
      provider: [
        provider("postgresql", {
          sslmode: "require",
          superuser: true,
          maxConnections: 21,
          username: "postgres",
        }),
      ],
    },
    [
      "Provider postgresql must verify the server's certificate: sslmode must be verify-full but is require",
      "Provider postgresql must not take itself for a superuser: superuser must be false",
      "Provider postgresql must hold at most 20 connections to a database: maxConnections is 21",
      `Provider postgresql must work as ${provisioner} but does as postgres`,
    ],
  ),
  finds(
    "provider-postgresql",
    "one that is not set up",
    { provider: [{ ...provider("postgresql"), settings: {} }] },
    [
      "Provider postgresql must verify the server's certificate: sslmode must be verify-full but is nothing that is known",
      "Provider postgresql must not take itself for a superuser: superuser must be false",
      "Provider postgresql must hold at most 20 connections to a database: maxConnections is nothing that is known",
      `Provider postgresql must work as ${provisioner} but does as nothing that is known`,
    ],
  ),
  finds(
    "provider-docker",
    "secrets, and an engine that anybody may talk to",
    {
      provider: [
        provider("docker", { host: "tcp://host:2375", registryAuth: "[secret]", keyMaterial: "[secret]" }),
      ],
    },
    [
      "Provider docker must not be given registryAuth, which the state would hold in plain",
      "Provider docker must not be given keyMaterial, which the state would hold in plain",
      "Provider docker must reach the engine over its socket, SSH or TLS, not by tcp://host:2375",
    ],
  ),
  finds(
    "provider-cloudflare",
    "the key of an account",
    { provider: [{ ...provider("cloudflare"), settings: { apiKey: "[secret]", email: "a@example.com" } }] },
    [
      "Provider cloudflare must not be given apiKey: it can do what the whole account can",
      "Provider cloudflare must not be given email: it can do what the whole account can",
      "Provider cloudflare must be given an apiToken",
    ],
  ),
]);
