/** What a key may sign that may not sign everything: which things, for how much, from whom. */
import { Checkbox, Group, MultiSelect, NativeSelect, Stack, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Foreign } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { parseTyped, shortId } from '../../format.ts'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'
import type { KeyDraft, Scope } from './key-draft.ts'

interface KeyLimitsProps {
  readonly draft: KeyDraft
  readonly change: (part: Partial<KeyDraft>) => void
}

const SCOPES: readonly Scope[] = ['spend', 'meter']
const OF_OPERATOR: readonly Scope[] = ['issue', 'schedule']

export function KeyLimits({ draft, change }: KeyLimitsProps) {
  const { acting } = useDesk()
  const { keys: t } = strings
  const offered = acting.role === 'operator' ? [...SCOPES, ...OF_OPERATOR] : SCOPES
  return (
    <>
      <Checkbox.Group label={t.things} value={[...draft.scopes]} onChange={(scopes) => change({ scopes: scopes as Scope[] })}>
        <Stack gap={8} mt={6}>
          {offered.map((scope) => (
            <Checkbox key={scope} value={scope} label={t.scopes[scope]} />
          ))}
        </Stack>
      </Checkbox.Group>
      {draft.scopes.includes('spend') && (
        <>
          <Budget draft={draft} change={change} />
          <Listings draft={draft} change={change} />
        </>
      )}
    </>
  )
}

function Budget({ draft: { budget, per }, change }: KeyLimitsProps) {
  const { keys: t } = strings
  const amount = parseTyped(budget)
  const isWrong = budget.trim() !== '' && (amount === undefined || amount === '0')
  return (
    <Group grow align="flex-start">
      <TextInput
        label={t.budget}
        description={t.budgetHint}
        value={budget}
        inputMode="decimal"
        maxLength={24}
        classNames={{ input: 'amount-input' }}
        error={isWrong ? strings.publish.amount : undefined}
        onChange={(event) => change({ budget: event.currentTarget.value })}
      />
      <NativeSelect
        label={t.per}
        description="&nbsp;"
        value={per}
        data={Object.entries(t.windows).map(([value, label]) => ({ value, label }))}
        onChange={(event) => change({ per: event.currentTarget.value as KeyDraft['per'] })}
      />
    </Group>
  )
}

const SEARCH_MS = 150
const SHOWN = 50
/** As many as a key may name. */
const MAX_LISTINGS = 100

function Listings({ draft: { listings }, change }: KeyLimitsProps) {
  const trpc = useTRPC()
  const [text, setText] = useState('')
  const [titles, setTitles] = useState<Readonly<Record<string, string>>>({})
  const [asked] = useDebouncedValue(text.trim(), SEARCH_MS)
  const found = useQuery(
    trpc.market.search.queryOptions({ ...(asked && { text: asked }), limit: SHOWN }, { placeholderData: keepPreviousData }),
  )
  const { keys: t } = strings
  const shown = Object.fromEntries((found.data?.listings ?? []).map(({ listing, title }) => [listing, title]))
  const known = { ...titles, ...shown }
  // What is chosen stays shown, whatever is searched for.
  const offered = [...new Set([...Object.keys(shown), ...listings])]
  return (
    <MultiSelect
      label={t.listings}
      description={t.listingsHint}
      data={offered.map((listing) => ({ value: listing, label: `${known[listing] ?? ''} · ${shortId(listing)}` }))}
      value={[...listings]}
      maxValues={MAX_LISTINGS}
      searchable
      searchValue={text}
      onSearchChange={setText}
      filter={({ options }) => options}
      nothingFoundMessage={strings.market.none}
      renderOption={({ option }) => <Foreign>{option.label}</Foreign>}
      onChange={(chosen) => {
        setTitles(known)
        change({ listings: chosen })
      }}
    />
  )
}
