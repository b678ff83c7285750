import { z } from 'zod'
import { MAX_PENDING_CHANGES, POLICY_NOTICE_SECONDS } from '../../base/limits.ts'
import { plural } from '../../base/plural.ts'
import { type Context, check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { formatCredits, MAX_FEE_BPS } from '../money.ts'
import { platformAt } from '../policy.ts'
import { changesOf, hasTwins, MAX_POLICY_DAYS, plans, plansOf, policy } from '../policy-fields.ts'
import { type Platform, type Policy, platform } from '../state.ts'
import { formatSeconds, type Seconds } from '../time.ts'

const body = z.strictObject({
  feeBps: field.count.optional(),
  plans: plans.optional(),
  policy: policy.partial().optional(),
  effectiveFrom: field.time,
})
type Body = z.output<typeof body>

/** When the changes take effect: with this entry, where that time is past. */
function startOf({ body, time }: Context<Body>): Seconds {
  return Math.max(body.effectiveFrom, time)
}

/**
 * Whether nobody pays more, or gets less for the same price, than by what would be in force then. What else `policy` says is no
 * price.
 */
function onlyLowers({ feeBps, plans, policy }: Body, before: Policy): boolean {
  if (policy !== undefined || (feeBps ?? 0) > before.feeBps) return false
  return before.plans.every((plan) => {
    const after = plans === undefined ? plan : plansOf(plans).find((one) => one.plan === plan.plan)
    if (after === undefined || after.period !== plan.period) return false
    return after.priceMicros <= plan.priceMicros && after.modelLimit >= plan.modelLimit
  })
}

/** The platform's row with the changes announced. Those that are in force by now are made; the others wait in their order. */
function announced(context: Context<Body>): Platform {
  const { body, time } = context
  const { feeBps, plans, policy } = body
  const row = platformAt(context.need(platform), time)
  const changes = {
    ...(feeBps !== undefined && { feeBps }),
    ...(plans && { plans: plansOf(plans) }),
    ...(policy && changesOf(policy)),
  }
  const from = startOf(context)
  const earlier = row.pending.filter((one) => one.from <= from)
  const later = row.pending.filter((one) => one.from > from)
  return platformAt({ ...row, pending: [...earlier, { from, changes }, ...later] }, time)
}

function overLimit(context: Context<Body>): string | undefined {
  const { feeBps = 0, policy } = context.body
  if (feeBps > MAX_FEE_BPS) return `the fee is at most ${MAX_FEE_BPS} basis points`
  const days = Math.max(policy?.earningsHoldDays ?? 0, policy?.graceDays ?? 0)
  if (days > MAX_POLICY_DAYS) return `earningsHoldDays and graceDays are at most ${MAX_POLICY_DAYS}`
  const { length } = announced(context).pending
  return length > MAX_PENDING_CHANGES ? `${MAX_PENDING_CHANGES} changes are announced already and wait for their day` : undefined
}

function describePlans(offered: z.output<typeof plans>): string {
  const sentences = offered.map(({ plan, modelLimit, price, period }) => {
    return `${plan} (${plural(modelLimit, 'model')} for ${formatCredits(price)} a ${period})`
  })
  return sentences.length === 0 ? 'none' : sentences.join(', ')
}

function describePolicy({ minimumPayout, earningsHoldDays, graceDays, creditNote }: NonNullable<Body['policy']>): string {
  const parts = [
    minimumPayout !== undefined && `payouts of ${formatCredits(minimumPayout)} or more`,
    earningsHoldDays !== undefined && `earnings held for ${plural(earningsHoldDays, 'day')}`,
    graceDays !== undefined && `${plural(graceDays, 'day')} of grace`,
    creditNote !== undefined && `“${creditNote}”`,
  ]
  return parts.filter((part) => typeof part === 'string').join(', ')
}

/** Announces another fee, plans or policy from a time on. What makes somebody pay more takes a week's notice. */
export const policyUpdate = defineTransaction<Body>({
  type: 'policy.update',
  signer: 'operator',
  body,
  malformed: ({ body: { feeBps, plans, policy } }) => {
    const isEmpty = policy === undefined || Object.keys(policy).length === 0
    if (feeBps === undefined && plans === undefined && isEmpty) return 'the body changes nothing'
    return plans !== undefined && hasTwins(plans) ? 'two plans have one name' : undefined
  },
  reads: [],
  checks: [
    check('too_soon', (context) => {
      const { body, time } = context
      const soonest = time + POLICY_NOTICE_SECONDS
      if (body.effectiveFrom >= soonest) return undefined
      if (onlyLowers(body, platformAt(context.need(platform), startOf(context)))) return undefined
      const because = `what may cost others more takes 7 days' notice, and takes effect from ${formatSeconds(soonest)} on`
      return { because, soonest: formatSeconds(soonest) }
    }),
    check('limit', (context) => {
      const because = overLimit(context)
      return because === undefined ? undefined : { because }
    }),
  ],
  apply: (effects) => effects.put(platform, announced(effects)),
  describe: ({ feeBps, plans, policy, effectiveFrom }) => {
    const changes = [
      feeBps !== undefined && `the fee is ${feeBps} basis points`,
      plans && `the plans are ${describePlans(plans)}`,
      policy && `the policy is ${describePolicy(policy)}`,
    ]
    const announced = changes.filter((change) => typeof change === 'string').join('; ')
    return `Announces that from ${formatSeconds(effectiveFrom)} on ${announced}`
  },
})
