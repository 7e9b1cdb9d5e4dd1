import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["e2e/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 90_000,
    maxWorkers: 3,
    // What a page shows follows what was asked of it: on a loaded machine, seconds later.
    expect: { poll: { timeout: 10_000 } },
  },
});
