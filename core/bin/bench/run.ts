/** Runs benchmarks one after the other, each in a folder of its own. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JsonObject } from '../../ledger/present.ts'
import { progressBar } from '../output.ts'
import type { BenchContext, Figure, Limited } from './figure.ts'
import { measureLimit } from './limit.ts'

export interface BenchSettings {
  /** Where ledgers are kept, each figure's in a folder of its own; without it in one that is gone afterwards. */
  readonly dir?: string | undefined
  readonly count?: number | undefined
  readonly payers?: number | undefined
  /** How long the limit is measured, each time. */
  readonly limitMs?: number
}

const LIMIT_MS = 1_500

/** The lines of all figures. */
export async function* runBench(figures: readonly Figure[], settings: BenchSettings): AsyncGenerator<JsonObject> {
  for (const figure of figures) {
    const dir = settings.dir ?? mkdtempSync(join(tmpdir(), 'nimledger-bench-'))
    try {
      yield* figure.run(contextIn(dir, settings))
    } finally {
      if (settings.dir === undefined) rmSync(dir, { recursive: true, force: true })
    }
  }
}

function contextIn(dir: string, { count, payers, limitMs = LIMIT_MS }: BenchSettings): BenchContext {
  return {
    count,
    payers,
    folder: (name) => {
      const folder = join(dir, name)
      mkdirSync(folder, { recursive: true })
      return folder
    },
    progress: progressBar,
    withLimit: async <T>(work: () => Promise<T>): Promise<Limited<T>> => {
      const before = await measureLimit(limitMs)
      const result = await work()
      return { result, limits: [before, await measureLimit(limitMs)] }
    },
  }
}
