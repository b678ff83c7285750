/** How many entries were sequenced in each second of the last minute, or in each minute of the last hour. */
import { BarChart } from '@mantine/charts'
import { Paper, SegmentedControl, Text, VisuallyHidden } from '@mantine/core'
import { useState } from 'react'
import type { HubView } from '../../../core/api/views.ts'
import { scaleTo } from '../../chart-periods.ts'
import { Panel } from '../../components/layout.tsx'
import { formatCount } from '../../format.ts'
import { strings } from '../../strings.ts'

const SPANS = ['seconds', 'minutes'] as const
type Span = (typeof SPANS)[number]

/** The scale reaches this far at least, so that few entries are low. */
const LEAST_TOP = 4

export function PaceChart({ pace }: { readonly pace: HubView['pace'] }) {
  const [span, setSpan] = useState<Span>('seconds')
  const { hub: t } = strings
  const counts = pace[span]
  const steps = counts.map((count, i) => ({ ago: t.ago[span](counts.length - i), [t.entriesName]: count }))
  const scale = scaleTo(Math.max(LEAST_TOP, ...counts))
  const sum = counts.reduce((total, count) => total + count, 0)
  const choice = (
    <SegmentedControl
      size="xs"
      aria-label={t.chart}
      value={span}
      onChange={setSpan}
      data={SPANS.map((value) => ({ value, label: t.spans[value] }))}
    />
  )
  return (
    <Panel title={t.chart} aside={choice} className="fill">
      <div aria-hidden="true">
        <BarChart
          h={208}
          data={steps}
          dataKey="ago"
          series={[{ name: t.entriesName, color: 'var(--accent)' }]}
          gridAxis="x"
          tickLine="none"
          valueFormatter={(count) => formatCount(count)}
          yAxisProps={{ width: 48, ticks: scale, domain: [0, scale.at(-1)!], interval: 0 }}
          xAxisProps={{ interval: 14 }}
          tooltipProps={{
            content: ({ label, payload }) => <Tip ago={String(label)} count={Number(payload?.[0]?.value ?? 0)} />,
          }}
          barProps={{ isAnimationActive: false }}
          barChartProps={{ accessibilityLayer: false }}
        />
      </div>
      <VisuallyHidden>{t.chartOf[span](sum, Math.max(0, ...counts))}</VisuallyHidden>
    </Panel>
  )
}

function Tip({ ago, count }: { readonly ago: string; readonly count: number }) {
  return (
    <Paper withBorder shadow="md" p="sm" radius="md">
      <Text size="xs">
        {ago} · {strings.hub.entries(count)}
      </Text>
    </Paper>
  )
}
