/** Before the tests that need them, once: the console built, the browser unpacked. */

import type { TestProject } from 'vitest/node'
import { buildConsole } from '../../core/bin/console/build.ts'
import { type Browser, findBrowser } from './chromium.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    browser: Browser
  }
}

export async function setup(project: TestProject): Promise<void> {
  await buildConsole(() => {})
  project.provide('browser', await findBrowser())
}
