/**
 * Entries in a list that only draws what is seen: hundreds of thousands of rows, each fetched with its neighbours when it
 * comes near. An entry never changes, so what was fetched stays; only the last part of the log is asked for again as it
 * grows.
 */
import { Box, Button, Paper, Skeleton, Text } from '@mantine/core'
import { IconListSearch } from '@tabler/icons-react'
import { keepPreviousData, useQueries } from '@tanstack/react-query'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type CSSProperties, type KeyboardEvent, type ReactNode, type RefObject, useEffect, useLayoutEffect, useRef } from 'react'
import type { Entry } from '../../../core/api/views.ts'
import { Answered, Empty, Tag } from '../../components/layout.tsx'
import { Amount, Sentence, When } from '../../components/text.tsx'
import { formatCount, movedBy } from '../../format.ts'
import { filterIn, type LogFilter, logQuery } from '../../log-filter.ts'
import { usePartByPart } from '../../part-by-part.ts'
import { go, href, useRoute } from '../../route.ts'
import { strings } from '../../strings.ts'
import { useTRPC, useTRPCClient } from '../../trpc.ts'

const ROW_PX = 44
const OVERSCAN_ROWS = 12
const CHUNK = 100
/** Browsers lay out some 33 million pixels; beyond this many rows, older entries are reached by their number. */
const MAX_ROWS = 700_000

/** The whole log, the newest first. */
export function AllEntries({ size }: { readonly size: number }) {
  const rows = Math.min(size, MAX_ROWS)
  const box = useRef<HTMLDivElement>(null)
  const list = useRows(box, rows)
  useSteady(box, size)
  const seen = list.getVirtualItems().map(({ index }) => size - 1 - index)
  const entries = useChunks(seen, size)
  return (
    <List
      box={box}
      rows={rows}
      height={list.getTotalSize()}
      note={size > rows ? strings.log.bounded(rows) : strings.log.shown(size)}
    >
      {list.getVirtualItems().map(({ index: row, start }) => (
        <Row key={size - 1 - row} row={row} start={start} entry={entries.get(size - 1 - row)} index={size - 1 - row} />
      ))}
    </List>
  )
}

interface FilteredProps {
  readonly filter: LogFilter
}

/** Entries that are asked for, the newest first, as far as they were fetched. */
export function FilteredEntries({ filter }: FilteredProps) {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const { log: t } = strings
  const list = usePartByPart(
    trpc.log.page.pathKey(),
    { ...filter, limit: CHUNK },
    (before?: number) => client.log.page.query({ ...logQuery(filter), before, limit: CHUNK }),
    ({ entries }) => entries,
  )
  const none = (
    <Paper withBorder radius="lg" className="panel">
      <Empty
        icon={IconListSearch}
        title={t.none}
        action={
          <Button variant="default" onClick={() => go(href('log'))}>
            {t.clear}
          </Button>
        }
      >
        {t.noneText}
      </Empty>
    </Paper>
  )
  return (
    <Answered query={{ ...list, data: list.items }} lines={8}>
      {(entries) => (entries.length === 0 && list.more === undefined ? none : <Fetched entries={entries} more={list.more} />)}
    </Answered>
  )
}

interface FetchedProps {
  readonly entries: readonly Entry[]
  readonly more: { readonly isLoading: boolean; load(): void } | undefined
}

function Fetched({ entries, more }: FetchedProps) {
  const box = useRef<HTMLDivElement>(null)
  const list = useRows(box, entries.length)
  const last = list.getVirtualItems().at(-1)?.index ?? 0
  const isNearEnd = last >= entries.length - OVERSCAN_ROWS
  useEffect(() => {
    if (isNearEnd && more !== undefined && !more.isLoading) more.load()
  }, [isNearEnd, more])
  return (
    <List
      box={box}
      rows={entries.length}
      height={list.getTotalSize()}
      note={`${strings.log.shown(entries.length)}${more === undefined ? '' : ' +'}`}
    >
      {list.getVirtualItems().map(({ index: row, start }) => {
        const entry = entries[row]
        return entry && <Row key={entry.index} row={row} start={start} entry={entry} index={entry.index} />
      })}
    </List>
  )
}

function useRows(box: RefObject<HTMLDivElement | null>, count: number) {
  return useVirtualizer({ count, getScrollElement: () => box.current, estimateSize: () => ROW_PX, overscan: OVERSCAN_ROWS })
}

/** While somebody reads further down, entries that come do not push what they read away. */
function useSteady(box: RefObject<HTMLDivElement | null>, size: number): void {
  const before = useRef(size)
  useLayoutEffect(() => {
    const grown = size - before.current
    before.current = size
    if (box.current !== null && box.current.scrollTop > ROW_PX) box.current.scrollTop += grown * ROW_PX
  }, [box, size])
}

/** The entries around those that are seen, by index. */
function useChunks(seen: readonly number[], size: number): ReadonlyMap<number, Entry> {
  const trpc = useTRPC()
  const chunks = [...new Set(seen.map((index) => Math.floor(index / CHUNK)))]
  return useQueries({
    queries: chunks.map((chunk) => {
      const from = chunk * CHUNK
      const limit = Math.min(CHUNK, size - from)
      return trpc.log.range.queryOptions(
        { from, limit },
        { staleTime: Number.POSITIVE_INFINITY, placeholderData: keepPreviousData },
      )
    }),
    combine: (answers) => new Map(answers.flatMap(({ data }) => data?.entries ?? []).map((entry) => [entry.index, entry])),
  })
}

interface ListProps {
  readonly box: RefObject<HTMLDivElement | null>
  readonly rows: number
  readonly height: number
  readonly note: string
  readonly children: ReactNode
}

function List({ box, rows, height, note, children }: ListProps) {
  const { columns, list } = strings.log
  return (
    <Paper withBorder radius="lg" className="panel log">
      <Box component="section" ref={box} className="log-box" aria-label={list} tabIndex={0}>
        <table className="log-table" aria-label={list} aria-rowcount={rows + 1}>
          <thead className="log-top">
            <tr className="log-head" aria-rowindex={1}>
              {Object.entries(columns).map(([id, title]) => (
                <th key={id} scope="col" data-column={id} title={id === 'amount' ? strings.log.amountHint : undefined}>
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="log-rows" style={{ '--rows-height': `${height}px` } as CSSProperties}>
            {children}
          </tbody>
        </table>
      </Box>
      <Text size="xs" c="dimmed" className="log-foot">
        {note}
      </Text>
    </Paper>
  )
}

interface RowProps {
  readonly row: number
  readonly start: number
  readonly index: number
  readonly entry: Entry | undefined
}

function Row({ row, start, index, entry }: RowProps) {
  const { search, thing } = useRoute()
  const to = href('log', index, filterIn(search))
  return (
    <tr
      aria-rowindex={row + 2}
      data-open={thing === String(index) || undefined}
      className="log-row"
      style={{ '--row-start': `${start}px` } as CSSProperties}
      onClick={() => go(to)}
      onKeyDown={moved}
    >
      <td data-column="index">
        <a className="entry-link" href={to} aria-label={strings.log.entry(index)}>
          {formatCount(index)}
        </a>
      </td>
      <td data-column="time">{entry === undefined ? <Skeleton height={12} width={120} /> : <When time={entry.time} />}</td>
      <td data-column="type">{entry !== undefined && <Tag>{entry.type}</Tag>}</td>
      <td data-column="what">
        {entry === undefined ? <Skeleton height={12} width="60%" /> : <Sentence text={entry.summary} names={entry.names} />}
      </td>
      <td data-column="amount">{entry !== undefined && <Moved entry={entry} />}</td>
    </tr>
  )
}

/** By which amounts are filtered. */
function Moved({ entry }: { readonly entry: Entry }) {
  const amount = movedBy(entry)
  return amount !== '0' && <Amount value={amount} aligned />
}

/** Up and down move from one entry's link to the next. */
function moved(event: KeyboardEvent<HTMLElement>): void {
  const row = event.currentTarget
  const next = { ArrowDown: Number(row.ariaRowIndex) + 1, ArrowUp: Number(row.ariaRowIndex) - 1 }[event.key]
  if (next === undefined) return
  row.parentElement?.querySelector<HTMLElement>(`[aria-rowindex="${next}"] a`)?.focus()
  event.preventDefault()
}
