/** The trial balance: every book of the ledger, which together are zero. */
import { Text } from '@mantine/core'
import type { TreasuryView } from '../../core/api/views.ts'
import { microsOf } from '../format.ts'
import { strings } from '../strings.ts'
import { type Column, DataTable } from './data-table.tsx'
import { Panel } from './layout.tsx'
import { Amount } from './text.tsx'

interface Line {
  readonly book: string
  readonly amount: string
}

const BALANCE_COLUMNS: readonly Column<Line>[] = [
  {
    id: 'book',
    title: strings.treasury.book,
    cell: ({ book }) => (
      <>
        <span className="strong">{strings.books[book] ?? book}</span>
        <Text size="xs" c="dimmed">
          {strings.bookNotes[book]}
        </Text>
      </>
    ),
  },
  {
    id: 'amount',
    title: strings.treasury.amount,
    align: 'end',
    cell: ({ amount }) => <Amount value={amount} aligned />,
    order: ({ amount }) => microsOf(amount),
  },
]

export function TrialBalance({ balance: { books, sum, size } }: { readonly balance: TreasuryView }) {
  const { treasury: t } = strings
  const lines = Object.entries(books).map(([book, amount]) => ({ book, amount }))
  const foot = (
    <tr>
      <td>
        {t.sum}
        <Text size="xs" c="dimmed">
          {t.sumHolds}
        </Text>
      </td>
      <td data-align="end">
        <Amount value={sum} aligned />
      </td>
    </tr>
  )
  return (
    <Panel title={t.balance} aside={`${t.asOf(size)} · ${strings.unit('0')}`} flush>
      <DataTable label={t.balance} columns={BALANCE_COLUMNS} rows={lines} rowKey={({ book }) => book} foot={foot} />
    </Panel>
  )
}
