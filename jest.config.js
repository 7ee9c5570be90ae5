/** Unit tests lie beside what they test; end-to-end tests have a room of their own and run one after the other. */
const transform = { "^.+\\.ts$": "<rootDir>/test/transform.js" };

/** @type {import("jest").Config} */
module.exports = {
  projects: [
    {
      displayName: "unit",
      transform,
      testMatch: ["<rootDir>/**/*.test.ts"],
      testPathIgnorePatterns: ["/node_modules/", "<rootDir>/test/e2e/"],
    },
    { displayName: "e2e", transform, testMatch: ["<rootDir>/test/e2e/**/*.test.ts"] },
  ],
};
