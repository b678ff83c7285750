/** Gross by period, divided into take-home and fee. */
import type { Sums } from '../../core/api/views.ts'
import { strings } from '../strings.ts'
import { PeriodChart } from './period-chart.tsx'

const gross = { title: strings.gross, amount: (sums: Sums) => sums.gross }
const fee = { title: strings.fee, amount: (sums: Sums) => sums.fee }
const takeHome = { title: strings.takeHome, amount: (sums: Sums) => sums.takeHome }

const BARS = [
  { ...takeHome, color: 'var(--accent)' },
  { ...fee, color: 'var(--accent-soft)' },
]

export function RevenueChart({ periods }: { readonly periods: readonly (Sums & { readonly period: string })[] }) {
  const { overview: t } = strings
  return (
    <PeriodChart
      label={t.chart}
      periods={periods}
      bars={BARS}
      lines={[gross, fee, takeHome]}
      note={({ payments }) => t.payments(payments)}
    />
  )
}
