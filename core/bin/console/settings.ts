/**
 * What the person at this machine told the console, in `console.json` of the folder:
 *
 *   {"version":1,"leastBalances":{"nim1…":"25"}}
 *
 * It is no part of the ledger: a file that is missing, or not of this form, tells nothing, and is replaced when something is told
 * again.
 */

import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { HostSettings } from '../../api/host.ts'
import { account, amount } from '../../domain/fields.ts'
import { formatMicros, type Micros } from '../../domain/money.ts'
import { writeDurably } from '../../drivers/durable-file.ts'
import { Failure } from '../failure.ts'

const FILE = 'console.json'
const MAX_FILE_BYTES = 1024 * 1024
/** Many more than one person has. */
const MAX_ACCOUNTS = 1_000

const form = z.strictObject({ version: z.literal(1), leastBalances: z.record(account, amount) })

export class Settings implements HostSettings {
  readonly #path: string
  #leastBalances: Map<string, Micros>

  constructor(dir: string) {
    this.#path = join(dir, FILE)
    this.#leastBalances = new Map(Object.entries(read(this.#path)?.leastBalances ?? {}))
  }

  leastBalance(account: string): Micros | undefined {
    return this.#leastBalances.get(account)
  }

  setLeastBalance(account: string, amountMicros: Micros | undefined): void {
    const next = new Map(this.#leastBalances)
    if (amountMicros === undefined) next.delete(account)
    else next.set(account, amountMicros)
    if (next.size > MAX_ACCOUNTS) throw new Failure('usage', `Alerts are kept for ${MAX_ACCOUNTS} accounts at most.`)
    const leastBalances = Object.fromEntries(Array.from(next, ([owner, micros]) => [owner, formatMicros(micros)]))
    writeDurably(this.#path, `${JSON.stringify({ version: 1, leastBalances })}\n`)
    this.#leastBalances = next
  }
}

function read(path: string): z.output<typeof form> | undefined {
  if (!existsSync(path) || statSync(path).size > MAX_FILE_BYTES) return undefined
  try {
    return form.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data
  } catch {
    // Half a file, or none that may be read.
    return undefined
  }
}
