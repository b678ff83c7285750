/**
 * Gross by day, divided into take-home and fee. Bars have the height of whole microcredits, as numbers that only place
 * pixels; every figure that is read comes from the exact amount. The same figures stand in a table that screen readers find.
 */
import { BarChart } from '@mantine/charts'
import { Paper, Text, VisuallyHidden } from '@mantine/core'
import type { CreatorOverview } from '../../core/api/views.ts'
import { amountOf, formatAmount, formatUtcDay, microsOf } from '../format.ts'
import { strings } from '../strings.ts'
import { Amount } from './text.tsx'

type Day = CreatorOverview['byDay'][number]

/** Bars at the right: so many that each can still be told from the next. */
const MAX_DAYS = 60
const SERIES = [
  { name: 'takeHome', label: strings.takeHome, color: 'var(--accent)' },
  { name: 'fee', label: strings.fee, color: 'var(--accent-soft)' },
]

export function RevenueChart({ days }: { readonly days: readonly Day[] }) {
  const shown = days.slice(-MAX_DAYS)
  const bars = shown.map((day) => ({
    ...day,
    day: formatUtcDay(day.day),
    takeHome: Number(microsOf(day.takeHome)),
    fee: Number(microsOf(day.fee)),
  }))
  return (
    <>
      <div aria-hidden="true">
        <BarChart
          h={208}
          data={bars}
          dataKey="day"
          type="stacked"
          series={SERIES}
          maxBarWidth={46}
          withLegend
          legendProps={{ verticalAlign: 'top', height: 34 }}
          gridAxis="x"
          tickLine="none"
          valueFormatter={(micros) => formatAmount(amountOf(BigInt(Math.round(micros))))}
          yAxisProps={{ width: 64, tickCount: 4 }}
          tooltipProps={{ content: ({ label }) => <DayTip day={shown.find(({ day }) => formatUtcDay(day) === label)} /> }}
          barProps={{ isAnimationActive: false }}
          barChartProps={{ accessibilityLayer: false }}
        />
      </div>
      <VisuallyHidden>
        <DayTable days={shown} />
      </VisuallyHidden>
    </>
  )
}

function DayTip({ day }: { readonly day: Day | undefined }) {
  if (day === undefined) return null
  const rows = [
    [strings.gross, day.gross],
    [strings.fee, day.fee],
    [strings.takeHome, day.takeHome],
  ] as const
  return (
    <Paper withBorder shadow="md" p="sm" radius="md">
      <Text size="xs" fw={600} mb={4}>
        {formatUtcDay(day.day)} · {strings.overview.payments(day.payments)}
      </Text>
      {rows.map(([name, amount]) => (
        <div key={name} className="ledger-line tip-line">
          <span>{name}</span>
          <Amount value={amount} aligned />
        </div>
      ))}
    </Paper>
  )
}

function DayTable({ days }: { readonly days: readonly Day[] }) {
  return (
    <table>
      <caption>{strings.overview.chart}</caption>
      <thead>
        <tr>
          {[strings.overview.day, strings.gross, strings.fee, strings.takeHome].map((title) => (
            <th key={title} scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {days.map(({ day, gross, fee, takeHome }) => (
          <tr key={day}>
            <th scope="row">{day}</th>
            <td>{formatAmount(gross)}</td>
            <td>{formatAmount(fee)}</td>
            <td>{formatAmount(takeHome)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
