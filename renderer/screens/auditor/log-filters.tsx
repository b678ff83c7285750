/** What of the log is shown: of an account, of a type, of some days, of some amounts. */
import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { AccountSelect } from '../../components/account-select.tsx'
import { parseTyped } from '../../format.ts'
import { isFiltered, type LogFilter } from '../../log-filter.ts'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'

/** What stands in the field of a day: from, up to. */
const DAY_LABEL_PX = 46
const BOUND_LABEL_PX = 58

interface LogFiltersProps {
  readonly filter: LogFilter
  readonly choose: (filter: LogFilter) => void
}

export function LogFilters({ filter, choose }: LogFiltersProps) {
  const { log: t } = strings
  const change = (part: Readonly<Record<string, string | undefined>>) => choose({ ...filter, ...part } as LogFilter)
  return (
    <div className="filters">
      <AccountSelect
        ariaLabel={t.byAccount}
        placeholder={t.anyAccount}
        value={filter.account}
        choose={(account) => change({ account })}
        className="filter"
        size="xs"
      />
      <TypeSelect value={filter.type} choose={(type) => change({ type })} />
      {(['since', 'until'] as const).map((field) => (
        <TextInput
          key={field}
          type="date"
          size="xs"
          aria-label={t[field]}
          leftSection={t.days[field]}
          leftSectionWidth={DAY_LABEL_PX}
          className="filter filter-day"
          value={filter[field] ?? ''}
          onChange={(event) => change({ [field]: event.currentTarget.value || undefined })}
        />
      ))}
      {(['least', 'most'] as const).map((field) => (
        <AmountFilter
          key={field}
          label={t[field]}
          bound={t.bounds[field]}
          value={filter[field]}
          choose={(amount) => change({ [field]: amount })}
        />
      ))}
      {isFiltered(filter) && (
        <Button size="xs" variant="subtle" color="gray" className="quiet-button" onClick={() => choose({})}>
          {t.clear}
        </Button>
      )}
    </div>
  )
}

interface AmountFilterProps {
  readonly label: string
  /** What stands in the field: at least, at most. */
  readonly bound: string
  readonly value: string | undefined
  readonly choose: (amount: string | undefined) => void
}

/** Taken with Enter or when it is left: half an amount would be another one. */
function AmountFilter({ label, bound, value = '', choose }: AmountFilterProps) {
  const [typed, setTyped] = useState(value)
  const [shown, setShown] = useState(value)
  if (shown !== value) {
    setShown(value)
    setTyped(value)
  }
  const amount = parseTyped(typed)
  const isWrong = typed.trim() !== '' && amount === undefined
  const take = () => !isWrong && choose(amount)
  return (
    <TextInput
      aria-label={label}
      placeholder={strings.log.amount}
      size="xs"
      leftSection={bound}
      leftSectionWidth={BOUND_LABEL_PX}
      className="filter filter-amount"
      classNames={{ input: 'amount-input' }}
      inputMode="decimal"
      value={typed}
      maxLength={24}
      error={isWrong}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={take}
      onKeyDown={(event) => event.key === 'Enter' && take()}
    />
  )
}

interface TypeSelectProps {
  readonly value: string | undefined
  readonly choose: (type: string | undefined) => void
}

function TypeSelect({ value, choose }: TypeSelectProps) {
  const trpc = useTRPC()
  const types = useQuery(trpc.transaction.types.queryOptions())
  const { log: t } = strings
  const options = (types.data ?? []).map((type) => ({ value: type, label: `${type} · ${strings.types[type] ?? type}` }))
  return (
    <NativeSelect
      size="xs"
      aria-label={t.byType}
      className="filter"
      value={value ?? ''}
      data={[{ value: '', label: t.anyType }, ...options]}
      onChange={(event) => choose(event.currentTarget.value === '' ? undefined : event.currentTarget.value)}
    />
  )
}
