/** Bugs in calls: mandates, batches, holds, and calls that two sign. */

import type { Takings } from '../../../core/domain/define.ts'
import { micros } from '../../../core/domain/money.ts'
import * as state from '../../../core/domain/state.ts'
import type { Bug } from '../ledger.ts'
import { inApply, inContext, onPut, onRow, type Row, withoutCheck } from './plant.ts'

const DAY = 86_400

export const meteringBugs: Readonly<Record<string, Bug>> = {
  'a meter charges for what is undeployed': withoutCheck('usage.batch', 'not_for_sale'),
  'a line is charged twice': inContext('usage.batch', (key, row) =>
    key.table.name === 'streams'
      ? { streams: (row.streams as Row[]).map((one) => ({ ...one, last: Math.max(0, (one.last as number) - 1) })) }
      : row,
  ),
  'refused lines do not advance the stream': onPut('usage.batch', 'streams', (row, { lines }) => {
    const streams = row.streams as { stream: string; last: number }[]
    const back = lines.at(-1)?.status === 'refused' ? 1 : 0
    return { streams: streams.map((one, i) => (i === streams.length - 1 ? { ...one, last: one.last - back } : one)) }
  }),
  'a gap in a stream is taken': withoutCheck('usage.batch', 'stream_gap'),
  'streams are without number': withoutCheck('usage.batch', 'too_many'),
  'anybody meters': withoutCheck('usage.batch', 'not_owner'),
  'the window of a mandate is ignored': onRow(['usage.batch'], 'mandate', (row, { time }) => ({
    ...row,
    day: Math.floor(time / DAY),
    month: (new Date(time * 1000).getUTCFullYear() - 1970) * 12 + new Date(time * 1000).getUTCMonth(),
  })),
  'a mandate lives in its last second plus one': onRow(['usage.batch'], 'mandate', (row) => ({
    ...row,
    expires: (row.expires as number) + 1,
  })),
  'a mandate is used up one microcredit early': onRow(['usage.batch'], 'mandate', (row) => ({
    ...row,
    limitMicros: (row.limitMicros as bigint) - 1n,
  })),
  'a mandate is overrun by a microcredit': onRow(['usage.batch'], 'mandate', (row) => ({
    ...row,
    limitMicros: (row.limitMicros as bigint) + 1n,
  })),
  'a new mandate is a second limit': onPut('usage.mandate', 'mandate', (row) => ({ ...row, dayMicros: 0n, monthMicros: 0n })),
  'a revoked mandate ends at once': onPut('usage.revoke', 'mandate', (row, { time }) => ({ ...row, expires: time })),
  'a mandate is revoked twice': withoutCheck('usage.revoke', 'already_ended'),
  'a reserve is more than there is': withoutCheck('usage.mandate', 'exceeds_credits'),
  'a reserve of a mandate that is replaced stays held': inApply(() => ({ moveEnd: () => undefined }), 'usage.mandate'),
  'included units are never used up': onPut('usage.batch', 'subscription', (row, { before }) => ({ ...row, used: before!.used })),
  'seconds cost nothing': onRow(['usage.batch'], 'terms', (row) =>
    row.query === undefined ? row : { ...row, query: { ...(row.query as Row), perSecondMicros: 0n } },
  ),
  'a call is paid a microcredit short': inApply(
    (effects) => ({
      takings: (payee: string): Takings => {
        const takings = effects.takings(payee)
        return { ...takings, add: (gross) => takings.add(micros(gross > 1n ? gross - 1n : gross)) }
      },
    }),
    'usage.batch',
  ),
  'a hold is captured twice': onPut('hold.capture', 'hold', (row) => ({ ...row, isClosed: false })),
  'a hold is captured after it was released': withoutCheck('hold.capture', 'not_open'),
  'a hold is captured late': withoutCheck('hold.capture', 'expired_hold'),
  'a hold lives in its last second plus one': onRow(['hold.capture'], 'hold', (row) => ({
    ...row,
    expiresAt: (row.expiresAt as number) + 1,
  })),
  'a hold keeps what was not captured': inApply(
    (effects) => ({
      release: (account: string, aside: never, _taken: never) => {
        const { holds } = (effects as unknown as { get: (key: unknown) => { holds: Row[] } }).get(walletKey(account))
        const whole = holds.find(({ id }) => id === (aside as { id: string }).id)!.amountMicros
        return effects.release(account, aside, whole as never)
      },
    }),
    'hold.capture',
  ),
  'a payer releases his own hold': withoutCheck('hold.release', 'key_scope'),
  'holds are without number': withoutCheck('hold.open', 'too_many'),
  'a hold may be open for long': withoutCheck('hold.open', 'bad_expiry'),
  'a call is charged twice': withoutCheck('query.charge', 'reference_used'),
  'anybody signs a call with its payer': withoutCheck('query.charge', 'key_scope'),
  'who is no subscriber is served': withoutCheck('query.charge', 'subscription_required'),
}

function walletKey(account: string): unknown {
  return state.wallets.at(account)
}
