/** A table whose columns can be sorted: figures to the right, their points below each other, exact order by exact amounts. */
import { Box, Button, Text, UnstyledButton, VisuallyHidden } from '@mantine/core'
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react'
import { createSortedRowModel, rowSortingFeature, type SortFn, tableFeatures, useTable } from '@tanstack/react-table'
import { type ReactNode, useMemo } from 'react'
import { decimalsOf, microsOf } from '../format.ts'
import { strings } from '../strings.ts'
import { Amount } from './text.tsx'

export interface Column<Row> {
  readonly id: string
  readonly title: string
  readonly align?: 'start' | 'end'
  /** `decimals` is how many the column of amounts has room for. */
  readonly cell: (row: Row, decimals: number) => ReactNode
  /** Of a column of amounts: what stands in it. */
  readonly amount?: (row: Row) => string
  /** What rows are sorted by; a column without it cannot be sorted. */
  readonly order?: (row: Row) => bigint | number | string
}

/** A column of amounts, whose points stand below each other. */
export function amountColumn<Row>(id: string, title: string, amount: (row: Row) => string): Column<Row> {
  const cell = (row: Row, decimals: number) => <Amount value={amount(row)} aligned={decimals} />
  return { id, title, align: 'end', amount, cell, order: (row) => microsOf(amount(row)) }
}

/** The column of what can be done with a row: its buttons say it, so its head is for those who do not see them. */
const ACTIONS = 'actions'

export interface Ordered {
  /** The column's id. */
  readonly by: string
  readonly isDescending: boolean
  choose(by: string): void
}

interface DataTableProps<Row> {
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
  /** The column by which rows are sorted at first, the least above; otherwise they stand as they are given. */
  readonly sortedBy?: string
  /** Where the rows are given in an order that is asked for elsewhere: which, and how another one is asked for. */
  readonly ordered?: Ordered
  readonly more?: { readonly isLoading: boolean; load(): void } | undefined
  readonly foot?: ReactNode
}

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() })

const ascending: SortFn<typeof features, never> = (a, b, column) => {
  const [first, second] = [a.getValue<bigint | number | string>(column), b.getValue<bigint | number | string>(column)]
  return first < second ? -1 : first > second ? 1 : 0
}

export function DataTable<Row extends object>({
  label,
  columns,
  rows,
  rowKey,
  sortedBy,
  ordered,
  more,
  foot,
}: DataTableProps<Row>) {
  const definitions = useMemo(
    () =>
      columns.map(({ id, order }) => ({
        id,
        accessorFn: (row: Row) => order?.(row),
        enableSorting: order !== undefined && ordered === undefined,
        sortFn: ascending as never,
      })),
    [columns, ordered],
  )
  const sorting = sortedBy === undefined ? [] : [{ id: sortedBy, desc: false }]
  const initialState = { sorting }
  const table = useTable({ features, columns: definitions, data: rows as Row[], getRowId: rowKey, initialState })
  // The rows that are not loaded yet are in no order but their own: that is said rather than left to be found out.
  const isSorted = table.state.sorting.length > 0
  const decimals = useMemo(() => columns.map(({ amount }) => (amount ? decimalsOf(rows.map(amount)) : 0)), [columns, rows])
  return (
    <>
      <Box component="section" className="table-scroll" aria-label={label} tabIndex={0}>
        <table className="table">
          <thead>
            <tr data-title={strings.sortBy}>
              {table
                .getFlatHeaders()
                .map(({ id, column }, at) =>
                  ordered === undefined ? (
                    <Head
                      key={id}
                      column={columns[at]!}
                      direction={column.getIsSorted()}
                      toggle={column.getToggleSortingHandler()}
                    />
                  ) : (
                    <Head key={id} column={columns[at]!} direction={directionOf(id, ordered)} toggle={() => ordered.choose(id)} />
                  ),
                )}
            </tr>
          </thead>
          <tbody>
            {table.getRowModel().rows.map(({ id, original }) => (
              <tr key={id}>
                {columns.map((column, at) => (
                  <td key={column.id} data-column={column.id} data-align={column.align} data-title={column.title}>
                    {column.cell(original, decimals[at]!)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
          {foot !== undefined && <tfoot>{foot}</tfoot>}
        </table>
      </Box>
      {more !== undefined && (
        <div className="table-more">
          {isSorted && (
            <Text size="xs" c="dimmed" role="note">
              {strings.sortedOf(rows.length)}
            </Text>
          )}
          <Button variant="default" size="xs" loading={more.isLoading} onClick={more.load}>
            {strings.more}
          </Button>
        </div>
      )}
    </>
  )
}

function directionOf(id: string, { by, isDescending }: Ordered): false | 'asc' | 'desc' {
  return id === by && (isDescending ? 'desc' : 'asc')
}

interface HeadProps {
  readonly column: Pick<Column<never>, 'id' | 'title' | 'align' | 'order'>
  readonly direction: false | 'asc' | 'desc'
  readonly toggle: ((event: unknown) => void) | undefined
}

function Head({ column: { id, title, align, order }, direction, toggle }: HeadProps) {
  const words = { asc: 'ascending', desc: 'descending' } as const
  return (
    <th scope="col" data-align={align} aria-sort={direction === false ? undefined : words[direction]}>
      {order === undefined ? (
        id === ACTIONS ? (
          <VisuallyHidden>{title}</VisuallyHidden>
        ) : (
          title
        )
      ) : (
        <UnstyledButton className="sort" onClick={toggle}>
          {title}
          {direction === 'asc' && <IconArrowUp size={12} aria-hidden="true" />}
          {direction === 'desc' && <IconArrowDown size={12} aria-hidden="true" />}
        </UnstyledButton>
      )}
    </th>
  )
}
