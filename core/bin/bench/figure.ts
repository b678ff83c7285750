/**
 * What a benchmark is: a name and a run that yields lines, one JSON object each, with what it measured and its ratio to the limit
 * of this machine in this very run. A figure gets its sizes, folders and the limit from its context, and prints nothing.
 */

import type { JsonObject } from '../../ledger/present.ts'

export interface Figure {
  readonly name: string
  /** What it measures, for the list of benchmarks. */
  readonly description: string
  /** Whether it runs only where it is named, since it takes minutes. */
  readonly onDemand?: true
  run(context: BenchContext): AsyncIterable<JsonObject>
}

export interface BenchContext {
  /** How many of whatever the figure counts; undefined for the figure's own default. */
  readonly count: number | undefined
  /** How many accounts buy; by default one for each hundred purchases, at least 1 000 and at most 10 000. */
  readonly payers: number | undefined
  /** A folder for a ledger: a new one, or one that may hold the ledger of an earlier figure or run. */
  folder(name: string): string
  /** A new folder, gone when the run has ended. */
  scratch(): string
  progress(what: string): (done: number, total: number) => void
  /** Signatures that this machine checks a second, now. */
  limit(): Promise<number>
  /** Does the work, and measures the limit before and after it. */
  withLimit<T>(work: () => Promise<T>): Promise<Limited<T>>
}

export interface Limited<T> {
  readonly result: T
  /** Signatures that this machine checks a second, before and after. */
  readonly limits: readonly [before: number, after: number]
}

/** What a line says of the limit; types and not interfaces, since lines are JSON. */
export type LimitFields = {
  readonly limitPerSecond: number
  readonly limitBefore: number
  readonly limitAfter: number
  readonly ratio: number
}

/** A rate against the limit: the mean of before and after, because a machine is not equally fast all the time. */
export function limitFields(perSecond: number, [before, after]: Limited<unknown>['limits']): LimitFields {
  const limit = (before + after) / 2
  const limits = { limitPerSecond: Math.round(limit), limitBefore: Math.round(before), limitAfter: Math.round(after) }
  return { ...limits, ratio: rounded(perSecond / limit, 3) }
}

export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

export function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6)
}

export function payersFor(context: BenchContext, purchases: number): number {
  return context.payers ?? Math.min(10_000, Math.max(1_000, Math.ceil(purchases / 100)))
}
