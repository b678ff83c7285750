/**
 * The policy in force: what the genesis laid down, changed by every policy.update from its day on. Nothing has to run on that
 * day: what is in force is computed from the time at which it is asked, each announced change on its own, in order of its day
 * and of the entry that announced it.
 */

import type { Context } from './define.ts'
import { type Platform, type Policy, platform } from './state.ts'
import type { Seconds } from './time.ts'

export type Reader = Pick<Context<unknown>, 'get' | 'need' | 'time'>

/** The platform with every change made that is in force at `time`, and the others still pending. */
export function platformAt(row: Platform, time: Seconds): Platform {
  if (row.pending[0] === undefined || row.pending[0].from > time) return row
  const due = row.pending.filter(({ from }) => from <= time)
  // Later changes replace earlier ones of the same field.
  const changed: Platform = Object.assign({}, row, ...due.map(({ changes }) => changes))
  return { ...changed, pending: row.pending.slice(due.length) }
}

export function inForce(context: Reader): Policy {
  return platformAt(context.need(platform), context.time)
}
