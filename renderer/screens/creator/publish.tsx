/** Publishing a listing: what it sells at which prices, what is left of each, and why the ledger would not take it, if so. */
import { Button, Drawer, Group, SegmentedControl, Stack, Textarea, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconSignature } from '@tabler/icons-react'
import { keepPreviousData, skipToken, useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { ModelList } from '../../../core/api/views.ts'
import { RefusalNotice } from '../../components/layout.tsx'
import { useDesk } from '../../desk.tsx'
import { go, href } from '../../route.ts'
import { type Body, useCloseOnEscape, useSign } from '../../sign.tsx'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'
import { Calculator } from './calculator.tsx'
import { bodyOf, EMPTY_DRAFT, type ListingDraft } from './listing-draft.ts'
import { DatasetFields, FeatureFields, ModelFields } from './publish-fields.tsx'

interface PublishProps {
  readonly list: ModelList
  readonly model: string | undefined
  readonly close: () => void
}

const KINDS = ['model', 'dataset', 'feature'] as const
const PREVIEW_MS = 250

export function Publish({ list, model, close }: PublishProps) {
  const { acting } = useDesk()
  const sign = useSign()
  const [draft, setDraft] = useState<ListingDraft>({ ...EMPTY_DRAFT, model: firstModel(list, model) })
  const change = (part: Partial<ListingDraft>) => setDraft((before) => ({ ...before, ...part }))
  const body = bodyOf(draft)
  const { publish: t } = strings
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (body === undefined) return
    const accepted = ({ created }: { created?: string }) => created !== undefined && go(href('market', created))
    sign({ signer: acting.account, type: 'listing.publish', body, accepted, taken: close })
  }
  return (
    <Drawer
      opened
      onClose={close}
      closeOnEscape={useCloseOnEscape()}
      position="right"
      size={860}
      title={t.title}
      closeButtonProps={{ 'aria-label': strings.close }}
    >
      <form onSubmit={submit} className="publish">
        <Stack className="publish-form">
          <SegmentedControl
            aria-label={t.kind}
            value={draft.kind}
            onChange={(kind) => change({ kind, model: kind === 'feature' ? '' : firstModel(list, model) })}
            data={KINDS.map((value) => ({ value, label: strings.kinds[value] }))}
          />
          <TextInput
            label={t.listingTitle}
            value={draft.title}
            maxLength={120}
            required
            data-autofocus
            onChange={(event) => change({ title: event.currentTarget.value })}
          />
          <Textarea
            label={t.description}
            description={t.descriptionHint}
            value={draft.description}
            maxLength={2000}
            autosize
            minRows={2}
            maxRows={5}
            onChange={(event) => change({ description: event.currentTarget.value })}
          />
          {draft.kind === 'model' && <ModelFields draft={draft} change={change} list={list} />}
          {draft.kind === 'dataset' && <DatasetFields draft={draft} change={change} />}
          {draft.kind === 'feature' && <FeatureFields draft={draft} change={change} list={list} />}
        </Stack>
        <Stack className="publish-side">
          <Calculator draft={draft} />
          <WouldBeRefused body={body} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              {strings.cancel}
            </Button>
            <Button type="submit" disabled={body === undefined} leftSection={<IconSignature size={17} />}>
              {t.submit}
            </Button>
          </Group>
        </Stack>
      </form>
    </Drawer>
  )
}

/** The one that was asked for, or the first that is deployed and not listed yet. */
function firstModel({ models }: ModelList, asked: string | undefined): string {
  const deployed = models.filter(({ isDeployed }) => isDeployed)
  const unlisted = deployed.find(({ listings }) => listings.length === 0)
  return asked ?? (unlisted ?? deployed[0])?.model ?? ''
}

/** What the ledger says of the draft, before anything is asked. */
function WouldBeRefused({ body }: { readonly body: Body | undefined }) {
  const { acting } = useDesk()
  const trpc = useTRPC()
  const [asked] = useDebouncedValue(body && JSON.stringify(body), PREVIEW_MS)
  const input = asked === undefined ? skipToken : { signer: acting.account, type: 'listing.publish', body: JSON.parse(asked) }
  const preview = useQuery(trpc.transaction.preview.queryOptions(input, { placeholderData: keepPreviousData, staleTime: 0 }))
  if (body === undefined || preview.data?.status !== 'refused') return null
  return <RefusalNotice refusal={preview.data} />
}
