/** Corporate offers: to whom, for how many models, at what price, and what became of each. */
import type { OfferView } from '../../../core/api/views.ts'
import { amountColumn, type Column, DataTable } from '../../components/data-table.tsx'
import { EntryLink } from '../../components/entry-link.tsx'
import { Answered, Panel, Tag } from '../../components/layout.tsx'
import { Foreign, When } from '../../components/text.tsx'
import { usePartByPart } from '../../part-by-part.ts'
import { href } from '../../route.ts'
import { strings } from '../../strings.ts'
import { useTRPC, useTRPCClient } from '../../trpc.ts'

const { offers: t } = strings

/** Whether it can be taken, was taken, or expired. */
export function OfferState({ offer: { taken, isOpen, expires } }: { readonly offer: OfferView }) {
  if (taken !== undefined) {
    return (
      <span className="linked">
        <Tag tone="accent">{t.taken}</Tag> {t.by} <EntryLink index={taken} />
      </span>
    )
  }
  return (
    <>
      <Tag tone={isOpen ? 'warn' : 'quiet'}>{isOpen ? t.open : t.expired}</Tag> {isOpen ? strings.wallet.until : t.since}{' '}
      <When time={expires} dayOnly />
    </>
  )
}

const COLUMNS: readonly Column<OfferView>[] = [
  { id: 'entry', title: t.columns.entry, cell: ({ index }) => <EntryLink index={index} /> },
  {
    id: 'account',
    title: t.columns.account,
    cell: ({ account, name }) => (
      <a className="entry-link strong" href={href('accounts', account)}>
        <Foreign>{name}</Foreign>
      </a>
    ),
  },
  { id: 'models', title: t.columns.models, align: 'end', cell: ({ modelLimit }) => modelLimit },
  { id: 'period', title: t.columns.period, cell: ({ period }) => strings.periods[period] ?? period },
  { id: 'state', title: t.columns.state, cell: (offer) => <OfferState offer={offer} /> },
  amountColumn('price', t.columns.price, ({ price }) => price),
]

/** Nothing where none was ever made. */
export function Offers() {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const list = usePartByPart(
    trpc.account.offers.pathKey(),
    {},
    (before?: number) => client.account.offers.query({ before }),
    ({ offers }) => offers,
  )
  if (list.items?.length === 0) return null
  return (
    <Panel title={t.title} aside={strings.unit('0')} flush>
      <Answered query={{ ...list, data: list.items }} lines={2}>
        {(offers) => <DataTable label={t.title} columns={COLUMNS} rows={offers} rowKey={({ offer }) => offer} more={list.more} />}
      </Answered>
    </Panel>
  )
}
