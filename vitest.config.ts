import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Tests of what is built, in a browser or as a process: they need the console built and a browser unpacked, others neither. */
const BUILT = 'test/{browser,console,main,renderer}/**/*.test.{ts,tsx}'

/** Files that take half a minute and more: they begin first, so that none of them runs alone when the others have ended. */
const LONG = [
  'test/ledger/crash.test.ts',
  'test/simulator/simulator.test.ts',
  'test/model/planted-bugs.test.ts',
  'test/model/model.test.ts',
  'test/main/window.test.ts',
]

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification) => LONG.some((file) => moduleId.endsWith(file))
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

export default defineConfig({
  test: {
    // A test waits for what it expects, so these only end what hangs; machines that share a host stand still for many seconds.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    sequence: { sequencer: LongFirst },
    reporters: ['default'],
    projects: [
      { extends: true, test: { name: 'core', include: ['test/**/*.test.ts'], exclude: [BUILT] } },
      { extends: true, test: { name: 'console', include: [BUILT], globalSetup: 'test/browser/global-setup.ts' } },
    ],
  },
})
