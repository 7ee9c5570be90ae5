import { killedFirstStarts } from "../e2e/first-start";

/** Two of these moments stand in test/e2e/local.test.ts. */
jest.setTimeout(300_000);

beforeAll(() => {
  for (const key of Object.keys(process.env)) if (key.startsWith("SUBSTATION_")) delete process.env[key];
});

test("killed at any moment of its first start, the next start completes", () =>
  killedFirstStarts(`long-${process.pid.toString(36)}`, [300, 450, 600, 800, 1_000, 1_300]));
