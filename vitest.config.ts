import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Tests of what is built, in a browser or as a process: they need the console built and a browser unpacked, others neither. */
const BUILT = 'test/{browser,console,main,renderer}/**/*.test.{ts,tsx}'

/** Files that take longest begin first, so that none of them runs alone when the others have ended. */
const LONG = [
  'test/ledger/crash.test.ts',
  'test/main/window.test.ts',
  'test/renderer/accessibility.test.ts',
  'test/model/model.test.ts',
  'test/ledger/snapshots.test.ts',
  'test/cli/sync.test.ts',
  'test/model/planted-bugs.test.ts',
  'test/simulator/simulator.test.ts',
]

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const long = LONG.flatMap((file) => sorted.filter(({ moduleId }) => moduleId.endsWith(file)))
    return [...long, ...sorted.filter((file) => !long.includes(file))]
  }
}

export default defineConfig({
  test: {
    // A test waits for what it expects, so these only end what hangs; machines that share a host stand still for many seconds.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One more than the processors of those machines: a worker waits for the processes that it starts, and for the disk.
    maxWorkers: 3,
    sequence: { sequencer: LongFirst },
    reporters: ['default'],
    projects: [
      { extends: true, test: { name: 'core', include: ['test/**/*.test.ts'], exclude: [BUILT] } },
      { extends: true, test: { name: 'console', include: [BUILT], globalSetup: 'test/browser/global-setup.ts' } },
    ],
  },
})
