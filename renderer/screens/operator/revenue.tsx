/** The platform's business: what it takes, by period, kind and creator; what is active and what ended; who comes back. */
import { Button, SegmentedControl } from '@mantine/core'
import { IconArrowRight, IconReportMoney } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { IncomeKind, RevenuePeriod, RevenueUnit, RevenueView } from '../../../core/api/views.ts'
import { Answered, Empty, Facts, Page, Panel } from '../../components/layout.tsx'
import { PeriodChart } from '../../components/period-chart.tsx'
import { useDesk } from '../../desk.tsx'
import { href } from '../../route.ts'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'
import { Cohorts } from './cohorts.tsx'
import { Creators } from './revenue-creators.tsx'
import { ChoosePeriod, Totals } from './revenue-figures.tsx'
import { Books, ByKind, PaidTimes, Plans } from './revenue-tables.tsx'

const { revenue: t } = strings
const UNITS: readonly RevenueUnit[] = ['day', 'week', 'month']

export function Revenue() {
  const { ledger } = useDesk()
  const trpc = useTRPC()
  const [unit, setUnit] = useState<RevenueUnit>('month')
  const [chosen, setChosen] = useState<string>()
  const revenue = useQuery(trpc.revenue.show.queryOptions({ unit }))
  const choose = (next: RevenueUnit) => {
    setUnit(next)
    setChosen(undefined)
  }
  const units = (
    <SegmentedControl
      aria-label={t.unit}
      value={unit}
      onChange={choose}
      data={UNITS.map((value) => ({ value, label: t.units[value] }))}
    />
  )
  return (
    <Page title={t.title} lead={`${t.lead} ${ledger.policy.creditNote}.`} actions={units}>
      <Answered query={revenue} lines={6}>
        {(view) => (isEmpty(view) ? <NothingYet /> : <Business view={view} chosen={chosen} choose={setChosen} />)}
      </Answered>
    </Page>
  )
}

/** Whether nobody ever paid anything. */
function isEmpty({ books, periods }: RevenueView): boolean {
  return books.every(({ taken }) => taken === '0') && periods.every(({ payments }) => payments === 0)
}

function NothingYet() {
  const action = (
    <Button component="a" href={href('treasury', 'topup')} rightSection={<IconArrowRight size={16} />}>
      {strings.treasury.topUp}
    </Button>
  )
  return (
    <Panel>
      <Empty icon={IconReportMoney} title={t.empty} action={action}>
        {t.emptyText}
      </Empty>
    </Panel>
  )
}

interface BusinessProps {
  readonly view: RevenueView
  /** The name of a period; the one that runs where none was chosen. */
  readonly chosen: string | undefined
  readonly choose: (period: string) => void
}

function Business({ view, chosen, choose }: BusinessProps) {
  const { unit, periods, cohorts, books } = view
  const found = periods.findIndex(({ period }) => period === chosen)
  const at = found < 0 ? periods.length - 1 : found
  const period = periods[at]!
  return (
    <>
      <ChoosePeriod view={view} at={at} choose={choose} />
      <Totals period={period} before={periods[at - 1]} unit={unit} />
      <OverTime periods={periods} />
      <div className="columns">
        <div data-span="7">
          <ByKind period={period} />
        </div>
        <div data-span="5">
          <Plans period={period} />
        </div>
      </div>
      <PaidTimes period={period} />
      <Creators key={`${unit} ${period.period}`} unit={unit} period={period} />
      <Cohorts cohorts={cohorts} />
      <div className="columns">
        <div data-span="6">
          <Books books={books} />
        </div>
        <div data-span="6">
          <Panel title={t.meanings} className="fill">
            <Facts rows={t.meaning} />
          </Panel>
        </div>
      </div>
    </>
  )
}

/** From the lowest bar to the highest. */
const COLOURS: Readonly<Record<IncomeKind, string>> = {
  plan: 'var(--kind-plan)',
  subscription: 'var(--kind-subscription)',
  call: 'var(--kind-call)',
  dataset: 'var(--kind-dataset)',
  feature: 'var(--kind-feature)',
}

const LINES = (Object.keys(COLOURS) as IncomeKind[]).map((kind) => ({
  title: strings.incomeKinds[kind],
  amount: ({ kinds }: RevenuePeriod) => kinds[kind].take,
  color: COLOURS[kind],
}))

function OverTime({ periods }: Pick<RevenueView, 'periods'>) {
  return (
    <Panel title={t.overTime} aside={strings.unit('0')}>
      <PeriodChart
        label={t.chart}
        periods={periods}
        bars={LINES}
        lines={[...LINES, { title: t.take, amount: ({ take }) => take }]}
        note={({ payments }) => t.payments(payments)}
      />
    </Panel>
  )
}
