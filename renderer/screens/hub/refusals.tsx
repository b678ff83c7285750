/** What was refused, or got no outcome, by code and with what that means; the most frequent first. */
import { IconCircleCheck } from '@tabler/icons-react'
import type { HubView } from '../../../core/api/views.ts'
import { type Column, DataTable } from '../../components/data-table.tsx'
import { Empty, Panel, Tag } from '../../components/layout.tsx'
import { formatCount } from '../../format.ts'
import { strings } from '../../strings.ts'

interface Row {
  readonly code: string
  readonly count: number
  readonly isFailure: boolean
}

const { refusals: t } = strings.hub

const COLUMNS: readonly Column<Row>[] = [
  {
    id: 'code',
    title: t.columns.code,
    order: ({ code }) => code,
    cell: ({ code, isFailure }) => (
      <>
        <span className="code-word">{code}</span> {isFailure && <Tag tone="warn">{t.failed}</Tag>}
      </>
    ),
  },
  { id: 'what', title: t.columns.what, cell: meaningOf },
  { id: 'count', title: t.columns.count, align: 'end', order: ({ count }) => count, cell: ({ count }) => formatCount(count) },
]

export function Refusals({ notes: { refused, failed } }: { readonly notes: HubView['notes'] }) {
  const rows = [...rowsOf(failed, true), ...rowsOf(refused, false)]
  return (
    <Panel title={t.title} aside={t.aside} flush className="fill">
      {rows.length === 0 ? (
        <Empty icon={IconCircleCheck} title={t.none}>
          {t.noneText}
        </Empty>
      ) : (
        <DataTable label={t.title} columns={COLUMNS} rows={rows} rowKey={({ code, isFailure }) => `${isFailure} ${code}`} />
      )}
    </Panel>
  )
}

function rowsOf(counts: Readonly<Record<string, number>>, isFailure: boolean): Row[] {
  const rows = Object.entries(counts).map(([code, count]) => ({ code, count, isFailure }))
  return rows.sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1))
}

/** The code came from a program that may be newer than this page. */
function meaningOf({ code, isFailure }: Row): string {
  const meanings: Readonly<Record<string, string>> = isFailure ? t.failures : t.meanings
  return (Object.hasOwn(meanings, code) ? meanings[code] : undefined) ?? t.unknown
}
