/** Every payment with its gross, fee and take-home; and when what is held becomes available. */
import { IconCoins } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { amountColumn, type Column, DataTable } from '../../components/data-table.tsx'
import { EntryLink } from '../../components/entry-link.tsx'
import { Answered, BlankPanel, Empty, Figure, Figures, Page, Panel } from '../../components/layout.tsx'
import { StatementButton } from '../../components/statement-button.tsx'
import { Sentence, When } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { usePartByPart } from '../../part-by-part.ts'
import { strings } from '../../strings.ts'
import { type Answers, useTRPC, useTRPCClient } from '../../trpc.ts'
import { PayoutActions, Payouts } from './payouts.tsx'

type Payment = Answers['creator']['payments']['payments'][number]
type Release = Answers['creator']['earnings']['releases'][number]

export function Earnings() {
  const { acting } = useDesk()
  const trpc = useTRPC()
  const { account } = acting
  const earnings = useQuery(trpc.creator.earnings.queryOptions({ account }))
  const { earnings: t } = strings
  return (
    <Page
      title={t.title}
      lead={earnings.data === undefined ? '\u00a0' : t.lead(earnings.data.holdDays)}
      actions={
        earnings.data && (
          <>
            <StatementButton />
            <PayoutActions available={earnings.data.available} />
          </>
        )
      }
    >
      <Answered query={earnings} isPage>
        {({ available, pending, payable, total, releases }) => (
          <>
            <Figures>
              <Figure label={t.available} amount={available} note={t.availableNote} tone="accent" />
              <Figure label={t.pending} amount={pending} />
              <Figure label={t.payable} amount={payable} />
              <Figure label={t.total} amount={total} />
            </Figures>
            <div className="columns">
              <div data-span="8">
                <Payouts />
              </div>
              <div data-span="4">
                <Releases releases={releases} />
              </div>
            </div>
            <Payments />
          </>
        )}
      </Answered>
    </Page>
  )
}

function Releases({ releases }: { readonly releases: readonly Release[] }) {
  const { earnings: t } = strings
  if (releases.length === 0) return <BlankPanel title={t.releases}>{t.noReleases}</BlankPanel>
  return (
    <Panel title={t.releases} aside={strings.unit('0')} className="fill" flush>
      <DataTable label={t.releases} columns={RELEASES} rows={releases} rowKey={({ availableFrom }) => availableFrom} />
    </Panel>
  )
}

const { columns } = strings.earnings

const RELEASES: readonly Column<Release>[] = [
  { id: 'from', title: columns.from, cell: ({ availableFrom }) => <When time={availableFrom} dayOnly /> },
  amountColumn('amount', columns.amount, ({ amount }) => amount),
]

const sum = (id: 'gross' | 'fee' | 'takeHome') => amountColumn<Payment>(id, strings[id], (row) => row[id])

const PAYMENTS: readonly Column<Payment>[] = [
  { id: 'entry', title: columns.entry, cell: ({ index }) => <EntryLink index={index} />, order: ({ index }) => index },
  { id: 'time', title: columns.time, cell: ({ time }) => <When time={time} dayOnly /> },
  { id: 'what', title: columns.what, cell: ({ summary, names }) => <Sentence text={summary} names={names} /> },
  sum('gross'),
  sum('fee'),
  sum('takeHome'),
]

function Payments() {
  const { acting } = useDesk()
  const { account } = acting
  const trpc = useTRPC()
  const client = useTRPCClient()
  const { earnings: t } = strings
  const list = usePartByPart(
    trpc.creator.payments.pathKey(),
    { account },
    (before?: number) => client.creator.payments.query({ account, before }),
    ({ payments }) => payments,
  )
  return (
    <Panel title={t.payments} aside={strings.unit('0')} flush>
      <Answered query={{ ...list, data: list.items }}>
        {(payments) =>
          payments.length === 0 ? (
            <Empty icon={IconCoins} title={t.empty}>
              {t.emptyText}
            </Empty>
          ) : (
            <DataTable
              label={t.payments}
              columns={PAYMENTS}
              rows={payments}
              rowKey={({ index }) => String(index)}
              more={list.more}
            />
          )
        }
      </Answered>
    </Panel>
  )
}
