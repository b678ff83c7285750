/**
 * Gross by period, divided into take-home and fee. Bars have the height of whole microcredits, as numbers that only place
 * pixels; every figure that is read comes from the exact amount. The same figures stand in a table that screen readers find.
 */
import { BarChart } from '@mantine/charts'
import { Paper, Text, VisuallyHidden } from '@mantine/core'
import { amountOf, formatAmount, formatUtcPeriod, microsOf } from '../format.ts'
import type { PeriodSums } from '../revenue-periods.ts'
import { strings } from '../strings.ts'
import { Amount } from './text.tsx'

const SERIES = [
  { name: 'takeHome', label: strings.takeHome, color: 'var(--accent)' },
  { name: 'fee', label: strings.fee, color: 'var(--accent-soft)' },
]

export function RevenueChart({ periods }: { readonly periods: readonly PeriodSums[] }) {
  const bars = periods.map((one) => ({
    ...one,
    period: formatUtcPeriod(one.period),
    takeHome: Number(microsOf(one.takeHome)),
    fee: Number(microsOf(one.fee)),
  }))
  return (
    <>
      <div aria-hidden="true">
        <BarChart
          h={208}
          data={bars}
          dataKey="period"
          type="stacked"
          series={SERIES}
          maxBarWidth={46}
          withLegend
          legendProps={{ verticalAlign: 'top', height: 34 }}
          gridAxis="x"
          tickLine="none"
          valueFormatter={(micros) => formatAmount(amountOf(BigInt(Math.round(micros))))}
          yAxisProps={{ width: 64, tickCount: 4 }}
          tooltipProps={{
            content: ({ label }) => <PeriodTip sums={periods.find(({ period }) => formatUtcPeriod(period) === label)} />,
          }}
          barProps={{ isAnimationActive: false }}
          barChartProps={{ accessibilityLayer: false }}
        />
      </div>
      <VisuallyHidden>
        <PeriodTable periods={periods} />
      </VisuallyHidden>
    </>
  )
}

function PeriodTip({ sums }: { readonly sums: PeriodSums | undefined }) {
  if (sums === undefined) return null
  const rows = [
    [strings.gross, sums.gross],
    [strings.fee, sums.fee],
    [strings.takeHome, sums.takeHome],
  ] as const
  return (
    <Paper withBorder shadow="md" p="sm" radius="md">
      <Text size="xs" fw={600} mb={4}>
        {formatUtcPeriod(sums.period)} · {strings.overview.payments(sums.payments)}
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

function PeriodTable({ periods }: { readonly periods: readonly PeriodSums[] }) {
  return (
    <table>
      <caption>{strings.overview.chart}</caption>
      <thead>
        <tr>
          {[strings.overview.period, strings.gross, strings.fee, strings.takeHome].map((title) => (
            <th key={title} scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {periods.map(({ period, gross, fee, takeHome }) => (
          <tr key={period}>
            <th scope="row">{period}</th>
            <td>{formatAmount(gross)}</td>
            <td>{formatAmount(fee)}</td>
            <td>{formatAmount(takeHome)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
