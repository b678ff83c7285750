/** A period's revenue by kind, its plans, what of them and of subscriptions is active; and how all of it ties with the books. */
import { Box, Group, Progress, Text } from '@mantine/core'
import { IconCircleCheck } from '@tabler/icons-react'
import type { IncomeKind, IncomeView, PaidTimeView, PlanSales, RevenueBook, RevenuePeriod } from '../../../core/api/views.ts'
import { type Column, DataTable } from '../../components/data-table.tsx'
import { BlankPanel, Panel } from '../../components/layout.tsx'
import { Amount, Foreign } from '../../components/text.tsx'
import { formatCount, microsOf, sumOf, thousandths } from '../../format.ts'
import { strings } from '../../strings.ts'
import { churnOf } from './revenue-figures.tsx'

const { revenue: t, incomeKinds } = strings
const { columns } = t

interface OfPeriod {
  readonly period: RevenuePeriod
}

interface Kind extends IncomeView {
  readonly kind: IncomeKind
}

/** A column of counts, or of amounts below each other. */
export function counts<Row>(id: string, title: string, count: (row: Row) => number): Column<Row> {
  return { id, title, align: 'end', cell: (row) => formatCount(count(row)), order: count }
}

export function amounts<Row>(id: string, title: string, amount: (row: Row) => string): Column<Row> {
  return {
    id,
    title,
    align: 'end',
    cell: (row) => <Amount value={amount(row)} aligned />,
    order: (row) => microsOf(amount(row)),
  }
}

export function shares<Row>(share: (row: Row) => string, total: string, name: (row: Row) => string): Column<Row> {
  return {
    id: 'share',
    title: t.share,
    cell: (row) => (
      <Progress
        value={Math.max(0, thousandths(share(row), total) / 10)}
        w={70}
        size="sm"
        color="var(--accent)"
        aria-label={`${t.share}: ${name(row)}`}
      />
    ),
  }
}

const KIND_COLUMNS: readonly Column<Kind>[] = [
  { id: 'kind', title: columns.kind, cell: ({ kind }) => incomeKinds[kind], order: ({ kind }) => incomeKinds[kind] },
  counts('payments', columns.payments, ({ payments }) => payments),
  amounts('gross', columns.gross, ({ gross }) => gross),
  amounts('take', columns.take, ({ take }) => take),
]

export function ByKind({ period }: OfPeriod) {
  const rows = (Object.keys(incomeKinds) as IncomeKind[]).map((kind) => ({ kind, ...period.kinds[kind] }))
  return (
    <Panel title={t.byKind} aside={strings.unit('0')} className="fill" flush>
      <DataTable
        label={t.byKind}
        columns={KIND_COLUMNS}
        rows={rows}
        rowKey={({ kind }) => kind}
        foot={
          <tr>
            <td>{t.all}</td>
            <td data-align="end" data-title={columns.payments}>
              {formatCount(period.payments)}
            </td>
            <td data-align="end" data-title={columns.gross}>
              <Amount value={period.gross} aligned />
            </td>
            <td data-align="end" data-title={columns.take}>
              <Amount value={period.take} aligned />
            </td>
          </tr>
        }
      />
    </Panel>
  )
}

const PLAN_COLUMNS: readonly Column<PlanSales>[] = [
  {
    id: 'plan',
    title: columns.plan,
    cell: ({ plan }) => (plan === undefined ? t.offers : <Foreign>{plan}</Foreign>),
    order: ({ plan = '' }) => plan,
  },
  counts('taken', columns.taken, ({ taken }) => taken),
  counts('renewed', columns.renewed, ({ renewed }) => renewed),
  counts('active', columns.active, ({ active }) => active),
]

export function Plans({ period: { byPlan } }: OfPeriod) {
  if (byPlan.length === 0) return <BlankPanel title={t.plansSold}>{t.noPlans}</BlankPanel>
  return (
    <Panel title={t.plansSold} className="fill" flush>
      <DataTable label={t.plansSold} columns={PLAN_COLUMNS} rows={byPlan} rowKey={({ plan = '' }) => plan} />
    </Panel>
  )
}

interface Times extends PaidTimeView {
  readonly what: string
}

const TIME_COLUMNS: readonly Column<Times>[] = [
  { id: 'what', title: columns.what, cell: ({ what }) => what },
  counts('before', columns.before, ({ before }) => before),
  counts('started', columns.started, ({ started }) => started),
  counts('ended', columns.ended, ({ ended }) => ended),
  counts('after', columns.after, ({ active }) => active),
  { id: 'churn', title: columns.churn, align: 'end', cell: churnOf },
  amounts('mrr', columns.mrr, ({ monthly }) => monthly),
]

export function PaidTimes({ period: { subscriptions, plans } }: OfPeriod) {
  const rows = [
    { what: incomeKinds.subscription, ...subscriptions },
    { what: incomeKinds.plan, ...plans },
  ]
  return (
    <Panel title={t.paidTime} aside={strings.unit('0')} flush>
      <DataTable label={t.paidTime} columns={TIME_COLUMNS} rows={rows} rowKey={({ what }) => what} />
    </Panel>
  )
}

const TIE = ['taken', 'givenBack', 'atOperator', 'withdrawn', 'balance'] as const

/** Amounts as they enter the sum. */
function signed(line: (typeof TIE)[number], { [line]: amount }: RevenueBook): string {
  return line === 'givenBack' || line === 'withdrawn' ? sumOf([`-${amount}`].filter((text) => text !== '-0')) : amount
}

export function Books({ books }: { readonly books: readonly RevenueBook[] }) {
  return (
    <Panel title={t.ties} aside={strings.unit('0')} className="fill" flush>
      <Box component="section" className="table-scroll" aria-label={t.ties} tabIndex={0}>
        <table className="table">
          <thead>
            <tr>
              <td />
              {books.map(({ book }) => (
                <th key={book} scope="col" data-align="end">
                  {t.books[book]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {TIE.map((line) => (
              <tr key={line} data-line={line}>
                <th scope="row">{t.tie[line]}</th>
                {books.map((book) => (
                  <td key={book.book} data-align="end">
                    <Amount value={signed(line, book)} aligned />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Box>
      <Group gap={8} wrap="nowrap" align="flex-start" className="ties">
        <IconCircleCheck size={18} className="good-icon" aria-hidden="true" />
        <Text size="sm">{t.tiesNote}</Text>
      </Group>
    </Panel>
  )
}
