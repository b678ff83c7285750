/** Whatever a creator can be refused is told with what would help. */

import { expect, test } from 'vitest'
import { rules } from '../../core/domain/transactions/index.ts'
import { mendOf } from '../../renderer/mends.ts'
import { strings } from '../../renderer/strings.ts'

const SIGNED = [
  'model.',
  'listing.',
  'plan.subscribe',
  'plan.change',
  'plan.cancel',
  'payout.request',
  'payout.cancel',
  'earnings.move',
]

test('each refusal that a creator can meet has advice in words', () => {
  const types = [...rules.get(1)!.values()].filter(({ type }) => SIGNED.some((one) => type.startsWith(one)))
  expect(types.length).toBeGreaterThan(10)
  const codes = new Set([
    ...types.flatMap(({ checks }) => checks.map(({ code }) => code)),
    'frozen',
    'in_debt',
    'exists',
  ] as const)
  expect([...codes].filter((code) => strings.advice[code] === undefined)).toEqual([])
})

test('what allows a model to be published is one step away, and an entry that says why is linked', () => {
  const to = (code: Parameters<typeof mendOf>[0]['code'], data = {}) => mendOf({ code, data })?.to
  expect([to('plan_required'), to('plan_limit'), to('not_deployed')]).toEqual(['#/models/plan', '#/models/plan', '#/models'])
  expect(to('exceeds_credits')).toBe('#/wallet/topup')
  expect([to('reference_used', { entry: 7 }), to('reference_used')]).toEqual(['#/log/7', undefined])
  expect(to('malformed')).toBeUndefined()
})
