/** Chooses an account by name or id, of all that the ledger has. */
import { Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { shortId } from '../format.ts'
import { strings } from '../strings.ts'
import { useTRPC } from '../trpc.ts'
import { Foreign } from './text.tsx'

interface AccountSelectProps {
  readonly label?: string
  readonly ariaLabel?: string
  readonly placeholder: string
  readonly value: string | undefined
  readonly choose: (account: string | undefined) => void
  readonly className?: string
  readonly size?: 'xs' | 'sm'
}

const SEARCH_MS = 150
const SHOWN = 50

export function AccountSelect({ label, ariaLabel, placeholder, value, choose, className, size = 'sm' }: AccountSelectProps) {
  const trpc = useTRPC()
  const [text, setText] = useState('')
  const [asked] = useDebouncedValue(text.trim(), SEARCH_MS)
  const found = useQuery(
    trpc.account.list.queryOptions({ ...(asked && { text: asked }), limit: SHOWN }, { placeholderData: keepPreviousData }),
  )
  const accounts = found.data?.accounts ?? []
  const options = accounts.map(({ account, name }) => ({ value: account, label: `${name} · ${shortId(account)}` }))
  // What is chosen stays shown, whatever is searched for.
  const isListed = value === undefined || options.some((option) => option.value === value)
  return (
    <Select
      label={label}
      aria-label={ariaLabel}
      placeholder={placeholder}
      className={className}
      size={size}
      data={isListed ? options : [{ value, label: shortId(value) }, ...options]}
      value={value ?? null}
      onChange={(account) => choose(account ?? undefined)}
      searchable
      clearable
      clearButtonProps={{ 'aria-label': strings.log.clear }}
      onSearchChange={(typed) => setText(isShown(typed) ? '' : typed)}
      filter={({ options: all }) => all}
      nothingFoundMessage={strings.treasury.unknown}
      renderOption={({ option }) => <Foreign>{option.label}</Foreign>}
    />
  )
}

/** The field repeats what was chosen: that is not a search. */
function isShown(typed: string): boolean {
  return typed.includes(' · ')
}
