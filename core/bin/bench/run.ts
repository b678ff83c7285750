/** Runs benchmarks one after the other, in one folder: what one has filled serves the next ones. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JsonObject } from '../../ledger/present.ts'
import { progressBar } from '../output.ts'
import type { BenchContext, Figure, Limited } from './figure.ts'
import { LimitThreads } from './limit.ts'

export interface BenchSettings {
  /** Where ledgers are kept; without it, in a folder that is deleted afterwards. */
  readonly dir?: string | undefined
  readonly count?: number | undefined
  readonly payers?: number | undefined
  /** How long the limit is measured, each time. */
  readonly limitMs?: number
}

const LIMIT_MS = 1_500

/** The lines of all figures. */
export async function* runBench(figures: readonly Figure[], settings: BenchSettings): AsyncGenerator<JsonObject> {
  const gone: string[] = []
  const temporary = (parent: string) => {
    const made = mkdtempSync(join(parent, 'nimledger-bench-'))
    gone.push(made)
    return made
  }
  if (settings.dir !== undefined) mkdirSync(settings.dir, { recursive: true })
  const dir = settings.dir ?? temporary(tmpdir())
  const threads = new LimitThreads()
  const limit = () => threads.measure(settings.limitMs ?? LIMIT_MS)
  const context: BenchContext = {
    count: settings.count,
    payers: settings.payers,
    folder: (name) => {
      const folder = join(dir, name)
      mkdirSync(folder, { recursive: true })
      return folder
    },
    scratch: () => temporary(dir),
    progress: progressBar,
    limit,
    withLimit: async <T>(work: () => Promise<T>): Promise<Limited<T>> => {
      const before = await limit()
      const result = await work()
      return { result, limits: [before, await limit()] }
    },
  }
  try {
    for (const figure of figures) yield* figure.run(context)
  } finally {
    await threads.close()
    for (const folder of gone) rmSync(folder, { recursive: true, force: true })
  }
}
