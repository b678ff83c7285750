/**
 * Figures, times, ids and texts of others, each shown in one way everywhere. What people wrote into the ledger is foreign: it is
 * isolated (bdi), so that its direction changes nothing around it, and it is only ever text.
 */
import { ActionIcon, Code, CopyButton, Tooltip } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { Names } from '../../core/api/views.ts'
import { formatDay, formatTime, formatUtc, idsAndTimesIn, shortId, splitAmount } from '../format.ts'
import { strings } from '../strings.ts'

interface AmountProps {
  readonly value: string
  /** In a column: room for six decimals or for so many, so that the points stand below each other. */
  readonly aligned?: boolean | number
  /** A plus before what comes in. */
  readonly signed?: boolean
  readonly className?: string
}

/** An exact amount of credits. */
export function Amount({ value, aligned = false, signed = false, className = '' }: AmountProps) {
  const { sign, whole, fraction, padding } = splitAmount(value, typeof aligned === 'number' ? aligned : undefined)
  const shownSign = sign === '' && signed ? '+' : sign
  return (
    <span className={`amount ${className}`}>
      {shownSign}
      {whole}
      <span className="amount-fraction">.{fraction}</span>
      {aligned !== false && (
        <span className="amount-padding" aria-hidden="true">
          {padding}
        </span>
      )}
    </span>
  )
}

/** An amount and the word for what it is of. */
export function Credits({ value, signed = false }: Pick<AmountProps, 'value' | 'signed'>) {
  return (
    <span className="nowrap">
      <Amount value={value} signed={signed} /> <span className="unit">{strings.unit(value)}</span>
    </span>
  )
}

/** A moment in the reader's zone; UTC on hover. */
export function When({ time, dayOnly = false }: { readonly time: string; readonly dayOnly?: boolean }) {
  return (
    <Tooltip label={formatUtc(time)}>
      <time dateTime={time} className="nowrap">
        {dayOnly ? formatDay(time) : formatTime(time)}
      </time>
    </Tooltip>
  )
}

/** What somebody wrote. */
export function Foreign({ children, className }: { readonly children: string; readonly className?: string }) {
  return (
    <bdi dir="auto" className={`foreign ${className ?? ''}`}>
      {children}
    </bdi>
  )
}

/** An id, short; all of it on hover and in the clipboard. */
export function Id({ value, full = false }: { readonly value: string; readonly full?: boolean }) {
  return (
    <span className="id">
      <Tooltip label={<span className="mono">{value}</span>} multiline maw="min(420px, 92vw)" disabled={full}>
        <span className={full ? 'mono break' : 'mono nowrap'}>{full ? value : shortId(value)}</span>
      </Tooltip>
      <Copy value={value} />
    </span>
  )
}

export function Copy({ value, label = strings.copy }: { readonly value: string; readonly label?: string }) {
  return (
    <CopyButton value={value}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? strings.copied : label}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="xs"
            className="quiet-icon"
            aria-label={`${label}: ${shortId(value)}`}
            onClick={(event) => {
              event.stopPropagation()
              event.preventDefault()
              copy()
            }}
          >
            {copied ? <IconCheck size={13} /> : <IconCopy size={13} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  )
}

/** A sentence of the ledger's, with names in the place of ids where there are any, and its times as everywhere else. */
export function Sentence({ text, names }: { readonly text: string; readonly names: Names }) {
  const parts: ReactNode[] = []
  let end = 0
  for (const { 0: found, index, isTime } of idsAndTimesIn(text)) {
    parts.push(text.slice(end, index))
    parts.push(isTime ? <When key={index} time={found} /> : <Named key={index} id={found} name={names[found]} />)
    end = index + found.length
  }
  return (
    <span className="sentence">
      {parts}
      {text.slice(end)}
    </span>
  )
}

function Named({ id, name }: { readonly id: string; readonly name: string | undefined }) {
  return (
    <Tooltip label={<span className="mono">{id}</span>} multiline maw="min(420px, 92vw)">
      <span className="named">{name === undefined || name === '' ? shortId(id) : <Foreign>{name}</Foreign>}</span>
    </Tooltip>
  )
}

/** "wallet:nim1…" as people read it: "Wallet · Ada". */
export function BookName({ book, names }: { readonly book: string; readonly names: Names }) {
  const [kind = '', account] = book.split(':')
  const isPlatform = account === undefined || !account.startsWith('nim1')
  if (isPlatform) return <span>{strings.books[book] ?? book}</span>
  const name = names[account]
  return (
    <span>
      {strings.books[kind] ?? kind}
      <span className="dimmed"> · </span>
      {name === undefined || name === '' ? <Id value={account} /> : <Foreign>{name}</Foreign>}
    </span>
  )
}

/** A command to be typed, or copied. */
export function CommandText({ children }: { readonly children: string }) {
  return (
    <span className="id">
      <span className="mono break">{children}</span>
      <Copy value={children} />
    </span>
  )
}

/** Text of a machine: wrapped, never run. */
export function Raw({ children, label }: { readonly children: string; readonly label: string }) {
  return (
    <Code block className="raw" tabIndex={0} role="region" aria-label={label}>
      {children}
    </Code>
  )
}
