/** The period that is looked at, and its figures with what they were in the period before. */
import { ActionIcon, Group, Text } from '@mantine/core'
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react'
import type { PaidTimeView, RevenuePeriod, RevenueUnit, RevenueView } from '../../../core/api/views.ts'
import { Figure, Figures } from '../../components/layout.tsx'
import { formatAmount, formatUtcDay, formatUtcPeriod, microsOf, sumOf } from '../../format.ts'
import { formatChange, formatShare } from '../../rates.ts'
import { strings } from '../../strings.ts'

const { revenue: t } = strings

function nameOf({ period, from }: RevenuePeriod, unit: RevenueUnit): string {
  if (unit === 'month') return formatUtcPeriod(period)
  // The first week or day may begin before the ledger; its name is its own.
  return unit === 'week' ? t.weekOf(formatUtcDay(period)) : formatUtcDay(from)
}

interface ChoosePeriodProps {
  readonly view: RevenueView
  /** The place of the period that is looked at. */
  readonly at: number
  readonly choose: (period: string) => void
}

export function ChoosePeriod({ view: { periods, unit }, at, choose }: ChoosePeriodProps) {
  const [before, after] = [periods[at - 1], periods[at + 1]]
  const isRunning = after === undefined
  return (
    <Group gap={8} component="section" aria-label={t.period} className="choose-period">
      <ActionIcon
        variant="default"
        size="lg"
        aria-label={t.previous}
        disabled={before === undefined}
        onClick={() => choose(before!.period)}
      >
        <IconChevronLeft size={18} aria-hidden="true" />
      </ActionIcon>
      <Text fw={600} aria-live="polite" className="chosen-period">
        {nameOf(periods[at]!, unit)}{' '}
        {isRunning && (
          <Text span c="dimmed" size="sm">
            {t.soFar}
          </Text>
        )}
      </Text>
      <ActionIcon variant="default" size="lg" aria-label={t.next} disabled={isRunning} onClick={() => choose(after!.period)}>
        <IconChevronRight size={18} aria-hidden="true" />
      </ActionIcon>
    </Group>
  )
}

interface TotalsProps {
  readonly period: RevenuePeriod
  readonly before: RevenuePeriod | undefined
  readonly unit: RevenueUnit
}

export function Totals({ period, before, unit }: TotalsProps) {
  const change = (amount: (of: RevenuePeriod) => string) =>
    before && changeOf(microsOf(amount(period)), microsOf(amount(before)), nameOf(before, unit))
  return (
    <Figures>
      <Figure label={t.take} amount={period.take} tone="accent" note={<Notes of={[change(({ take }) => take)]} />} />
      <Figure
        label={t.gross}
        amount={period.gross}
        note={<Notes of={[change(({ gross }) => gross), t.givenBack(formatAmount(period.givenBack))]} />}
      />
      <Figure
        label={t.mrr}
        amount={monthly(period, 'monthly')}
        note={<Notes of={[change((of) => monthly(of, 'monthly')), t.mrrNote(formatAmount(monthly(period, 'monthlyTake')))]} />}
      />
      <Figure
        label={t.arpu}
        {...(period.arpu === undefined ? { children: '—' } : { amount: period.arpu })}
        note={<Notes of={[change(({ arpu = '0' }) => arpu), period.payers === 0 ? t.nobody : t.payers(period.payers)]} />}
      />
      <Figure label={t.churn} note={<Notes of={[churnNote(together(period))]} />}>
        {churnOf(together(period))}
      </Figure>
    </Figures>
  )
}

function monthly({ subscriptions, plans }: RevenuePeriod, field: 'monthly' | 'monthlyTake'): string {
  return sumOf([subscriptions[field], plans[field]])
}

function together({ subscriptions, plans }: RevenuePeriod): Pick<PaidTimeView, 'ended' | 'before'> {
  return { ended: subscriptions.ended + plans.ended, before: subscriptions.before + plans.before }
}

type Ended = Pick<PaidTimeView, 'ended' | 'before'>

/** What ended, of what was active before. */
export function churnOf({ ended, before }: Ended): string {
  return before === 0 ? '—' : formatShare(BigInt(ended), BigInt(before))
}

function churnNote({ ended, before }: Ended): string {
  return before === 0 ? t.churnNone : t.churnOf(ended, before)
}

function changeOf(now: bigint, before: bigint, name: string): string {
  if (now === before) return t.change.same(name)
  return before === 0n ? t.change.none(name) : t.change.by(formatChange(now, before), name)
}

/** Each on a line of its own. */
function Notes({ of }: { readonly of: readonly (string | undefined)[] }) {
  return of.filter((note) => note !== undefined).map((note) => <div key={note}>{note}</div>)
}
