/** Runs sequences drawn from seeds, counts what occurred, and shortens a sequence that goes wrong. */

import { rules } from '../../core/domain/transactions/index.ts'
import { Auditor, Difference, show } from './auditor.ts'
import { TYPES } from './catalogue/bodies.ts'
import { idOf, type Told } from './catalogue/model.ts'
import { type Bug, TestLedger } from './ledger.ts'
import { accountOf, CITIZENS, OPERATOR, SEQUENCER, SEQUENCERS, STRANGERS, WEAK } from './people.ts'
import { Random } from './random.ts'
import { Workload } from './workload/workload.ts'

/** How often each type was accepted, or refused with which code, and what became of lines. */
export class Coverage {
  readonly accepted = new Map<string, number>()
  readonly refused = new Map<string, number>()
  readonly lines = new Map<string, number>()
  steps = 0

  count(table: Map<string, number>, what: string): void {
    table.set(what, (table.get(what) ?? 0) + 1)
  }

  toString(): string {
    const list = (table: Map<string, number>) => [...table].map(([what, times]) => `${what} ${times}`).join(', ')
    return `${this.steps} steps; accepted: ${list(this.accepted)}; refused: ${list(this.refused)}; lines: ${list(this.lines)}`
  }
}

/** Types that the machine does not have yet. */
export const MISSING = TYPES.filter((type) => !rules.get(1)!.has(type))

export interface Failure {
  readonly seed: number
  readonly difference: Difference
  readonly sequence: readonly Told[]
}

/** Draws and runs the sequence of a seed; undefined where nothing went wrong. */
export function runSeed(seed: number, steps: number, coverage = new Coverage(), bug: Bug = {}): Failure | undefined {
  const auditor = new Auditor(new TestLedger(bug))
  const workload = new Workload(new Random(seed), auditor.model)
  const sequence: Told[] = []
  try {
    for (let step = 0; step < steps; step++) {
      const told = workload.next()
      if (MISSING.includes(told.type)) continue
      sequence.push(told)
      const { code, lines } = auditor.tell(told)
      coverage.steps += 1
      if (code === undefined) coverage.count(coverage.accepted, told.type)
      else coverage.count(coverage.refused, `${told.type} ${code}`)
      for (const line of lines) coverage.count(coverage.lines, line.status === 'refused' ? line.code : line.status)
    }
    auditor.finish(new TestLedger(bug, true))
    return undefined
  } catch (error) {
    if (error instanceof Difference) return { seed, difference: error, sequence }
    throw error
  }
}

/** Tells a fixed sequence to a fresh ledger and a fresh model. */
export function runSequence(sequence: readonly Told[], bug: Bug = {}): Difference | undefined {
  const auditor = new Auditor(new TestLedger(bug))
  try {
    for (const told of sequence) auditor.tell(told)
    auditor.finish(new TestLedger(bug, true))
    return undefined
  } catch (error) {
    if (error instanceof Difference) return error
    throw error
  }
}

/** Leaves out ever smaller runs of steps as long as the sequence still goes wrong in the same way. The genesis stays. */
export function shorten(
  { difference, sequence }: Failure,
  bug: Bug = {},
): { readonly sequence: readonly Told[]; readonly difference: Difference } {
  let best = { sequence, difference }
  const genesis = sequence.find(({ type }) => type === 'ledger.genesis')
  for (let size = Math.ceil(sequence.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < best.sequence.length; ) {
      const rest = best.sequence.filter((told, i) => i < from || i >= from + size || told === genesis)
      const found = rest.length < best.sequence.length ? runSequence(rest, bug) : undefined
      if (found?.kind === difference.kind) best = { sequence: rest, difference: found }
      else from += size
    }
  }
  return best
}

/** Accounts by the names of their people, so that a sequence can be read. */
function readable(text: string): string {
  const people = [OPERATOR, SEQUENCER, ...CITIZENS, ...STRANGERS, ...WEAK, ...SEQUENCERS]
  return people.reduce(
    (all, { name, account, publicKey }) => all.replaceAll(account, `<${name}>`).replaceAll(publicKey, `<key of ${name}>`),
    text,
  )
}

export function describeFailure(failure: Failure, steps: number, bug: Bug = {}): string {
  const { sequence, difference } = shorten(failure, bug)
  const lines = sequence.map((told) => {
    const { at, signatures, type, body } = told
    const signers = signatures.map(({ account, publicKey }) => {
      return accountOf(publicKey) === account ? account : `${account} by ${publicKey.slice(0, 8)}`
    })
    return readable(`  ${new Date(at).toISOString()} ${signers.join(' & ')} ${type} ${show(body)} ${idOf(told).slice(-32)}`)
  })
  return [
    `Seed ${failure.seed}: ${readable(failure.difference.message)}`,
    `Shortest sequence found, ${sequence.length} of ${failure.sequence.length} steps: ${readable(difference.message)}`,
    ...lines,
    `Again: MODEL_SEED=${failure.seed} MODEL_SEEDS=1 MODEL_STEPS=${steps} npm run -s test -- test/model/model.test.ts`,
  ].join('\n')
}
