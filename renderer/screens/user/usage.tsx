/** What calls cost over a period, what is reserved for those under way, and how far mandates and keys may still go. */
import { Anchor, Button, Progress, SegmentedControl, Select, Text } from '@mantine/core'
import { IconActivity, IconArrowRight } from '@tabler/icons-react'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { AllowanceView, CallCost, SpendingView } from '../../../core/api/views.ts'
import { periodsOf, sumCosts, UNITS, usualUnit } from '../../chart-periods.ts'
import { Allowed } from '../../components/allowed.tsx'
import { amountColumn, type Column, DataTable } from '../../components/data-table.tsx'
import { Answered, Empty, Figure, Figures, Page, Panel } from '../../components/layout.tsx'
import { PeriodChart } from '../../components/period-chart.tsx'
import { Foreign, Id, When } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { formatCount, formatUtcDay, sumOf, thousandths } from '../../format.ts'
import { PERIODS, type StatementPeriod, statementTimes } from '../../periods.ts'
import { href } from '../../route.ts'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'

type ByListing = SpendingView['byListing'][number]
type ByDay = SpendingView['byDay'][number]
type Hold = AllowanceView['holds'][number]

export function Usage() {
  const { acting, ledger } = useDesk()
  const { account } = acting
  const trpc = useTRPC()
  const [period, setPeriod] = useState<StatementPeriod>('all')
  const times = statementTimes(period, ledger.time)
  const spending = useQuery(trpc.wallet.spending.queryOptions({ account, ...times }, { placeholderData: keepPreviousData }))
  const allowances = useQuery(trpc.wallet.allowances.queryOptions({ account }))
  const { usage: t } = strings
  return (
    <Page title={t.title} lead={t.lead} actions={<ChoosePeriod period={period} choose={setPeriod} />}>
      <Answered query={allowances} isPage>
        {({ holds }) => (
          <>
            <Totals spending={spending.data} holds={holds} />
            <div className="columns">
              <div data-span="8">
                <Answered query={spending} lines={6}>
                  {(data) => <OverTime key={period} days={data.byDay} until={times.to} />}
                </Answered>
              </div>
              <div data-span="4">
                <Allowed />
              </div>
            </div>
            {spending.data !== undefined && spending.data.byDay.length > 0 && <Tables spending={spending.data} />}
            <OpenHolds holds={holds} />
          </>
        )}
      </Answered>
    </Page>
  )
}

interface ChoosePeriodProps {
  readonly period: StatementPeriod
  readonly choose: (period: StatementPeriod) => void
}

function ChoosePeriod({ period, choose }: ChoosePeriodProps) {
  const { statement: t } = strings
  return (
    <Select
      aria-label={t.period}
      value={period}
      allowDeselect={false}
      onChange={(chosen) => chosen !== null && choose(chosen)}
      data={PERIODS.map((value) => ({ value, label: t.periods[value] }))}
    />
  )
}

function Totals({ spending, holds }: { readonly spending: SpendingView | undefined; readonly holds: readonly Hold[] }) {
  const { usage: t } = strings
  const cost = spending === undefined ? {} : { amount: spending.cost, note: t.inCalls(spending.calls) }
  return (
    <Figures>
      <Figure label={t.cost} tone="accent" {...cost} />
      <Figure label={t.held} amount={sumOf(holds.map(({ amount }) => amount))} note={t.openHolds(holds.length)} />
    </Figures>
  )
}

const COST = { title: strings.usage.cost, amount: ({ cost }: CallCost) => cost }
const SECOND_MS = 1_000

/** `until` is when a period that is over ended. */
function OverTime({ days, until }: { readonly days: readonly ByDay[]; readonly until: string | undefined }) {
  const { ledger } = useDesk()
  const end = until === undefined ? ledger.time : new Date(Date.parse(until) - SECOND_MS).toISOString()
  const [unit, setUnit] = useState(() => usualUnit(days, end))
  const { usage: t, overview } = strings
  if (days.length === 0) return <NoCalls />
  const choice = (
    <SegmentedControl
      size="xs"
      aria-label={overview.by}
      value={unit}
      onChange={setUnit}
      data={UNITS.map((value) => ({ value, label: overview.units[value] }))}
    />
  )
  return (
    <Panel title={t.overTime} aside={choice} className="fill">
      <PeriodChart
        label={t.chart}
        periods={periodsOf(days, unit, end, sumCosts)}
        bars={[{ ...COST, color: 'var(--accent)' }]}
        lines={[COST]}
        note={({ calls }) => t.inCalls(calls)}
      />
    </Panel>
  )
}

function NoCalls() {
  const { usage: t } = strings
  const action = (
    <Button component="a" href={href('market')} rightSection={<IconArrowRight size={16} />}>
      {strings.wallet.toMarket}
    </Button>
  )
  return (
    <Panel className="fill">
      <Empty icon={IconActivity} title={t.empty} action={action}>
        {t.emptyText}
      </Empty>
    </Panel>
  )
}

/** Days shown at first, and with every asking for more. */
const DAYS = 14

function Tables({ spending }: { readonly spending: SpendingView }) {
  const [shown, setShown] = useState(DAYS)
  const { usage: t } = strings
  const newest = spending.byDay.toReversed()
  const more = newest.length > shown ? { isLoading: false, load: () => setShown(shown + DAYS) } : undefined
  return (
    <div className="columns">
      <div data-span="7">
        <Panel title={t.byListing} aside={strings.unit('0')} flush>
          <DataTable
            label={t.byListing}
            columns={listingColumns(spending.cost)}
            rows={spending.byListing}
            rowKey={({ listing }) => listing}
          />
        </Panel>
      </div>
      <div data-span="5">
        <Panel title={t.byDay} aside={strings.unit('0')} flush>
          <DataTable label={t.byDay} columns={DAY_COLUMNS} rows={newest.slice(0, shown)} rowKey={({ day }) => day} more={more} />
        </Panel>
      </div>
    </div>
  )
}

const { columns } = strings.usage

function callsAndCost<Row extends CallCost>(): Column<Row>[] {
  return [
    {
      id: 'calls',
      title: columns.calls,
      align: 'end',
      cell: ({ calls }) => formatCount(calls),
      order: ({ calls }) => calls,
    },
    amountColumn('cost', columns.cost, ({ cost }) => cost),
  ]
}

function listingColumns(total: string): Column<ByListing>[] {
  return [
    { id: 'listing', title: columns.listing, cell: (row) => <ListingLink of={row} />, order: ({ title }) => title.toLowerCase() },
    {
      id: 'share',
      title: columns.share,
      cell: ({ cost, title }) => (
        <Progress
          value={thousandths(cost, total) / 10}
          w={90}
          size="sm"
          color="var(--accent)"
          aria-label={`${columns.share}: ${title}`}
        />
      ),
    },
    ...callsAndCost<ByListing>(),
  ]
}

const DAY_COLUMNS: readonly Column<ByDay>[] = [
  {
    id: 'day',
    title: columns.day,
    cell: ({ day }) => (
      <time dateTime={day} className="nowrap">
        {formatUtcDay(day)}
      </time>
    ),
    order: ({ day }) => day,
  },
  ...callsAndCost<ByDay>(),
]

function ListingLink({ of: { listing, title } }: { readonly of: Pick<ByListing, 'listing' | 'title'> }) {
  return (
    <Anchor href={href('market', listing)} fw={550} size="sm">
      <Foreign>{title}</Foreign>
    </Anchor>
  )
}

const HOLD_COLUMNS: readonly Column<Hold>[] = [
  { id: 'hold', title: columns.hold, cell: ({ hold }) => <Id value={hold} /> },
  { id: 'listing', title: columns.listing, cell: (hold) => <ListingLink of={hold} />, order: ({ title }) => title.toLowerCase() },
  {
    id: 'seller',
    title: columns.seller,
    cell: ({ seller }) => <Foreign>{seller}</Foreign>,
    order: ({ seller }) => seller.toLowerCase(),
  },
  { id: 'expires', title: columns.expires, cell: ({ expires }) => <When time={expires} />, order: ({ expires }) => expires },
  amountColumn('amount', columns.amount, ({ amount }) => amount),
]

function OpenHolds({ holds }: { readonly holds: readonly Hold[] }) {
  const { usage: t } = strings
  if (holds.length === 0)
    return (
      <Panel title={t.holds}>
        <Text size="sm" c="dimmed">
          {t.noHolds}
        </Text>
      </Panel>
    )
  return (
    <Panel title={t.holds} aside={strings.unit('0')} flush>
      <DataTable label={t.holds} columns={HOLD_COLUMNS} rows={holds} rowKey={({ hold }) => hold} sortedBy="expires" />
    </Panel>
  )
}
