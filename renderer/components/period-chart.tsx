/**
 * Amounts by period, as stacked bars. Bars have the height of whole microcredits, as numbers that only place pixels; every figure
 * that is read comes from the exact amount. The same figures stand in a table that screen readers find.
 */
import { BarChart } from '@mantine/charts'
import { Paper, Text, VisuallyHidden } from '@mantine/core'
import { scaleTo } from '../chart-periods.ts'
import { amountOf, decimalsOf, formatAmount, formatCount, formatUtcPeriod, microsOf, sumOf } from '../format.ts'
import { strings } from '../strings.ts'
import { Amount } from './text.tsx'

interface OfPeriod {
  /** "2026-01-30", or "2026-01". */
  readonly period: string
}

interface Line<Row> {
  readonly title: string
  readonly amount: (row: Row) => string
}

interface PeriodChartProps<Row> {
  /** What the table of figures is called. */
  readonly label: string
  readonly periods: readonly Row[]
  /** What is stacked, the lowest first. */
  readonly bars: readonly (Line<Row> & { readonly color: string })[]
  /** What is read of a period. */
  readonly lines: readonly Line<Row>[]
  readonly note: (row: Row) => string
}

export function PeriodChart<Row extends OfPeriod>(props: PeriodChartProps<Row>) {
  const { periods, bars } = props
  const heights = periods.map((row) => ({
    period: formatUtcPeriod(row.period),
    ...Object.fromEntries(bars.map(({ title, amount }) => [title, Number(microsOf(amount(row)))])),
  }))
  const scale = scaleTo(Math.max(...periods.map((row) => Number(microsOf(sumOf(bars.map(({ amount }) => amount(row))))))))
  const labels = scale.map(labelOf)
  return (
    <>
      <div aria-hidden="true">
        <BarChart
          h={248}
          data={heights}
          dataKey="period"
          type="stacked"
          series={bars.map(({ title, color }) => ({ name: title, color }))}
          maxBarWidth={46}
          withLegend={bars.length > 1}
          legendProps={{ verticalAlign: 'top', height: 34 }}
          gridAxis="x"
          tickLine="none"
          valueFormatter={labelOf}
          yAxisProps={{
            width: Math.max(...labels.map(({ length }) => length)) * CHARACTER_PX + GAP_PX,
            ticks: scale,
            domain: [0, scale.at(-1)!],
            interval: 0,
          }}
          tooltipProps={{
            content: ({ label }) => (
              <PeriodTip {...props} row={periods.find(({ period }) => formatUtcPeriod(period) === label)} />
            ),
          }}
          barProps={{ isAnimationActive: false }}
          barChartProps={{ accessibilityLayer: false }}
        />
      </div>
      <VisuallyHidden>
        <PeriodTable {...props} />
      </VisuallyHidden>
    </>
  )
}

const CHARACTER_PX = 7
const GAP_PX = 20

/** A line of the scale: whole credits as such, "2,500", and parts of one with their decimals. */
function labelOf(micros: number): string {
  const amount = amountOf(BigInt(Math.round(micros)))
  return amount.includes('.') ? formatAmount(amount) : formatCount(BigInt(amount))
}

function PeriodTip<Row extends OfPeriod>({ row, lines, note }: PeriodChartProps<Row> & { readonly row: Row | undefined }) {
  if (row === undefined) return null
  const decimals = decimalsOf(lines.map(({ amount }) => amount(row)))
  return (
    <Paper withBorder shadow="md" p="sm" radius="md">
      <Text size="xs" fw={600} mb={4}>
        {formatUtcPeriod(row.period)} · {note(row)}
      </Text>
      {lines.map(({ title, amount }) => (
        <div key={title} className="ledger-line tip-line">
          <span>{title}</span>
          <Amount value={amount(row)} aligned={decimals} />
        </div>
      ))}
    </Paper>
  )
}

function PeriodTable<Row extends OfPeriod>({ label, periods, lines }: PeriodChartProps<Row>) {
  return (
    <table>
      <caption>{label}</caption>
      <thead>
        <tr>
          {[strings.overview.period, ...lines.map(({ title }) => title)].map((title) => (
            <th key={title} scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {periods.map((row) => (
          <tr key={row.period}>
            <th scope="row">{row.period}</th>
            {lines.map(({ title, amount }) => (
              <td key={title}>{formatAmount(amount(row))}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
