/** What a creator's listings earned: gross, the platform's fee, take-home; over time and by listing; and what needs doing. */
import { Anchor, Button, Group, Progress, SegmentedControl, Stack, Text } from '@mantine/core'
import { IconArrowRight, IconChartBar, IconCircleCheck } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { LocalAccount } from '../../../core/api/views.ts'
import { periodsOf, sumRevenue, UNITS, usualUnit } from '../../chart-periods.ts'
import { amountColumn, type Column, DataTable } from '../../components/data-table.tsx'
import { Answered, Empty, Figure, Figures, Page, Panel, Tag } from '../../components/layout.tsx'
import { RevenueChart } from '../../components/revenue-chart.tsx'
import { SlotMeter } from '../../components/slots.tsx'
import { Amount, Foreign } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { decimalsOf, formatCount, formatRate, microsOf, thousandths } from '../../format.ts'
import { href } from '../../route.ts'
import { strings } from '../../strings.ts'
import { type Answers, useTRPC } from '../../trpc.ts'

type Sums = Answers['creator']['overview']
type ByListing = Sums['byListing'][number]

export function Overview() {
  const { acting, ledger } = useDesk()
  const trpc = useTRPC()
  const { account } = acting
  const overview = useQuery(trpc.creator.overview.queryOptions({ account }))
  const { overview: t } = strings
  return (
    <Page title={t.title} lead={`${t.lead} ${ledger.policy.creditNote}.`}>
      <Answered query={overview} isPage>
        {(sums) => (
          <>
            <Figures>
              <Figure label={t.earned} amount={sums.gross} note={t.payments(sums.payments)} />
              <Figure label={t.fee(formatRate(ledger.feeBps))} amount={sums.fee} note={t.feeNote} />
              <Figure label={t.takeHome} amount={sums.takeHome} note={t.takeHomeNote} tone="accent" />
              <Figure label={t.slots} note={<SlotMeter {...sums.slots} />}>
                {t.slotsOf(sums.slots.used, sums.slots.limit)}
              </Figure>
              <Figure
                label={t.subscribers}
                note={
                  <Anchor href={href('subscribers')} size="xs">
                    {t.subscribersNote(sums.subscribers.suspended, sums.subscribers.lapsed)}
                  </Anchor>
                }
              >
                {formatCount(sums.subscribers.active)}
              </Figure>
            </Figures>
            {sums.payments === 0 ? <NothingYet /> : <Revenue sums={sums} />}
            {sums.payments === 0 && <ToDo sums={sums} />}
          </>
        )}
      </Answered>
    </Page>
  )
}

function NothingYet() {
  const { overview: t } = strings
  const action = (
    <Button component="a" href={href('models')} rightSection={<IconArrowRight size={16} />}>
      {t.emptyAction}
    </Button>
  )
  return (
    <Panel>
      <Empty icon={IconChartBar} title={t.empty} action={action}>
        {t.emptyText}
      </Empty>
    </Panel>
  )
}

function Revenue({ sums }: { readonly sums: Sums }) {
  const { overview: t } = strings
  return (
    <div className="columns">
      <div data-span="8">
        <OverTime days={sums.byDay} />
      </div>
      <div data-span="4">
        <Stack className="fill">
          <ToDo sums={sums} />
          <EarningsNow earnings={sums.earnings} />
        </Stack>
      </div>
      <div>
        <Panel title={t.byListing} aside={strings.unit('0')} flush>
          <DataTable
            label={t.byListing}
            columns={columnsOf(sums.gross)}
            rows={sums.byListing}
            rowKey={({ listing }) => listing}
          />
        </Panel>
      </div>
    </div>
  )
}

/** Where what was taken home is now, of what is still in the ledger. */
function EarningsNow({ earnings }: Pick<Sums, 'earnings'>) {
  const { earnings: t } = strings
  const link = (
    <Anchor href={href('earnings')} size="xs">
      {t.title}
    </Anchor>
  )
  const parts = ['pending', 'available', 'payable'] as const
  const decimals = decimalsOf(parts.map((part) => earnings[part]))
  return (
    <Panel title={strings.overview.earnings} aside={link}>
      <Text component="div" size="sm" className="ledger-lines">
        {parts.map((part) => (
          <div key={part} className="ledger-line">
            <span>{t[part]}</span>
            <Amount value={earnings[part]} aligned={decimals} />
          </div>
        ))}
      </Text>
    </Panel>
  )
}

function OverTime({ days }: { readonly days: Sums['byDay'] }) {
  const { ledger } = useDesk()
  const [unit, setUnit] = useState(() => usualUnit(days, ledger.time))
  const { overview: t } = strings
  const choice = (
    <SegmentedControl
      size="xs"
      aria-label={t.by}
      value={unit}
      onChange={setUnit}
      data={UNITS.map((value) => ({ value, label: t.units[value] }))}
    />
  )
  return (
    <Panel title={t.overTime} aside={choice} className="fill">
      <RevenueChart periods={periodsOf(days, unit, ledger.time, sumRevenue)} />
    </Panel>
  )
}

function columnsOf(total: string): Column<ByListing>[] {
  const { overview: t } = strings
  const amount = (id: 'gross' | 'fee' | 'takeHome') => amountColumn<ByListing>(id, strings[id], (row) => row[id])
  return [
    {
      id: 'listing',
      title: t.listing,
      cell: ({ listing, title }) => (
        <Anchor href={href('market', listing)} fw={550} size="sm">
          <Foreign>{title}</Foreign>
        </Anchor>
      ),
      order: ({ title }) => title,
    },
    {
      id: 'share',
      title: t.share,
      cell: ({ gross, title }) => (
        <Progress
          value={thousandths(gross, total) / 10}
          w={110}
          size="sm"
          color="var(--accent)"
          aria-label={`${t.share}: ${title}`}
        />
      ),
    },
    {
      id: 'payments',
      title: t.count,
      align: 'end',
      cell: ({ payments }) => formatCount(payments),
      order: ({ payments }) => payments,
    },
    amount('gross'),
    amount('fee'),
    amount('takeHome'),
  ]
}

interface Task {
  readonly text: string
  readonly to: string
}

/** What the creator can do next, by what the ledger knows. */
function ToDo({ sums }: { readonly sums: Sums }) {
  const { acting, ledger, desk } = useDesk()
  const trpc = useTRPC()
  const { account } = acting
  const models = useQuery(trpc.creator.models.queryOptions({ account }))
  const listings = useQuery(trpc.creator.listings.queryOptions({ account, limit: 500 }))
  const { overview: t } = strings
  const tasks = [
    ...sheetTask(acting, desk.isDemo),
    ...tasksOf(sums, models.data, listings.data),
    ...payoutTask(sums, ledger.policy.minimumPayout),
  ]
  return (
    <Panel title={t.toDo} className="grow" aside={tasks.length > 0 && <Tag tone="warn">{tasks.length}</Tag>}>
      {tasks.length === 0 ? (
        <Group gap={8} wrap="nowrap" align="flex-start">
          <IconCircleCheck size={18} className="good-icon" aria-hidden="true" />
          <Text size="sm">{t.allDone}</Text>
        </Group>
      ) : (
        <ul className="tasks">
          {tasks.map(({ text, to }) => (
            <li key={text}>
              <Anchor href={to} size="sm" className="task">
                <span>{text}</span>
                <IconArrowRight size={15} aria-hidden="true" />
              </Anchor>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}

/** A key that is nowhere but here. */
function sheetTask({ sheet }: LocalAccount, isDemo: boolean): Task[] {
  return sheet === 'missing' && !isDemo ? [{ text: strings.recovery.task, to: href('keys', 'sheet') }] : []
}

function tasksOf(
  { plan, slots }: Sums,
  models?: Answers['creator']['models'],
  listings?: Answers['creator']['listings'],
): Task[] {
  const { todo } = strings.overview
  const free = slots.limit - slots.used
  const unlisted = models?.models.filter((model) => model.isDeployed && model.listings.length === 0).length ?? 0
  const closed = listings?.listings.filter((listing) => listing.closedBecause !== undefined && !listing.isWithdrawn).length ?? 0
  const here = href('models')
  return [
    ...(plan === undefined ? [{ text: todo.plan, to: here }] : []),
    ...(plan !== undefined && plan.standing !== 'active'
      ? [{ text: todo.planEnds(strings.standings[plan.standing]), to: here }]
      : []),
    ...(free > 0 ? [{ text: todo.slots(free), to: here }] : []),
    ...(unlisted > 0 ? [{ text: todo.unlisted(unlisted), to: href('models', 'publish') }] : []),
    ...(closed > 0 ? [{ text: todo.closed(closed), to: here }] : []),
  ]
}

/** What is available and enough for a payout. */
function payoutTask({ earnings: { available } }: Sums, minimum: string): Task[] {
  if (available === '0' || microsOf(available) < microsOf(minimum)) return []
  return [{ text: strings.overview.todo.payout(available), to: href('earnings') }]
}
