import { defineConfig } from 'vitest/config'

/** Tests of what is built, in a browser or as a process: they need the console built and a browser unpacked, others neither. */
const BUILT = 'test/{browser,console,main,renderer}/**/*.test.{ts,tsx}'

export default defineConfig({
  test: {
    // A test waits for what it expects, so these only end what hangs; machines that share a host stand still for many seconds.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    reporters: ['default'],
    projects: [
      { extends: true, test: { name: 'core', include: ['test/**/*.test.ts'], exclude: [BUILT] } },
      { extends: true, test: { name: 'console', include: [BUILT], globalSetup: 'test/browser/global-setup.ts' } },
    ],
  },
})
