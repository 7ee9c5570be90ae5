/** Unit tests lie beside what they test; end-to-end tests have rooms of their own: `e2e` is part of `npm test`, `long` is not. */
const transform = { "^.+\\.ts$": "<rootDir>/test/transform.js" };

/** @type {import("jest").Config} */
module.exports = {
  testSequencer: "<rootDir>/test/sequencer.js",
  projects: [
    {
      displayName: "unit",
      transform,
      testMatch: ["<rootDir>/**/*.test.ts"],
      testPathIgnorePatterns: ["/node_modules/", "<rootDir>/test/e2e/", "<rootDir>/test/long/"],
    },
    { displayName: "e2e", transform, testMatch: ["<rootDir>/test/e2e/**/*.test.ts"] },
    { displayName: "long", transform, testMatch: ["<rootDir>/test/long/**/*.test.ts"] },
  ],
};
